"""A bundle's model card: `card.json`, one line, and `CARD.md`, the same for people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path, PurePath

import msgspec

from edgeopt.bundle import card_page
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.card import Card
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Run
from edgeopt.report.lost_for import lost_for
from edgeopt.report.source_value import source_value
from edgeopt.report.untimed_words import sentence as untimed


def card(run: Run, choice: Choice, record: Record, artifact: Artifact) -> Card:
    """What the card of a chosen artifact says: nothing that the run did not find."""
    recipe, executed = artifact.recipe, record.executed
    latency, drop = record.measured, record.confirm_drop or record.drop
    score = record.confirm_score or record.score
    baseline = run.record(choice.target, choice.baseline_id)
    verdict = record.versus_baseline if latency else None
    known = score is not None and drop is not None and not math.isnan(drop.value)
    return Card(
        target=choice.target,
        artifact=Path(artifact.path).name,
        sha256=artifact.sha256,
        size_bytes=artifact.size_bytes,
        runtime=record.runtime,
        runtime_version=executed.runtime_version if executed else None,
        recipe=recipe.artifact_title,
        recipe_id=str(record.recipe_id),
        threads=record.recipe.threads if record.recipe else recipe.threads,
        options=dict(record.recipe.options if record.recipe else recipe.options),
        executed=executed.precision if executed else None,
        float_layers=tuple(_float_layers(choice, record)),
        inputs=artifact.inputs,
        outputs=artifact.outputs,
        task=run.data.task.name if run.data.task else "",
        source={
            "file": PurePath(run.source.path).name,
            "format": run.source.format,
            "sha256": run.source.sha256,
            "size_bytes": run.source.size_bytes,
        },
        basis=choice.basis,
        picked=_is_picked(run, record),
        device=record.device,
        kind=record.kind,
        latency_ms=latency,
        latency_reason="" if latency else _untimed(record),
        versus_baseline=verdict,
        over=baseline.title if verdict and baseline else "",
        load_ms=executed.load_ms if executed and latency else None,
        memory_bytes=executed.memory_bytes if executed and latency else None,
        roof=choice.roof,
        score=score,
        drop=drop,
        source_score=source_value(score, drop) if known and score and drop else None,
        max_drop=run.request.constraints.max_drop,
        held=choice.held,
        lost_for=tuple(lost_for(record)),
        limits=tuple(dict.fromkeys(_limits(run, choice, record, artifact))),
        made={
            "started": run.started,
            "edgeopt": run.environment.get("edgeopt"),
            "tools": artifact.tools,
        },
    )


def files(made: Card) -> dict[str, str]:
    """Name in the bundle -> text."""
    return {
        "CARD.md": card_page.page(made),
        "card.json": msgspec.json.encode(made).decode() + "\n",
    }


def _float_layers(choice: Choice, record: Record) -> Iterator[str]:
    for one in choice.refinements:
        if one.result == record.recipe_id:
            yield from (price.group.title for price in one.kept)


def _is_picked(run: Run, record: Record) -> bool:
    """Whether a person took another row than the run did (`edgeopt ship`)."""
    choice = run.choice(record.target)
    return choice is not None and choice.recipe_id != record.recipe_id


def _untimed(record: Record) -> str:
    told = untimed(record.untimed) if record.untimed else record.latency_reason
    return told or "it was not timed on a device of this target"


def _limits(run: Run, choice: Choice, record: Record, artifact: Artifact) -> Iterator[str]:
    if record.measured is None:
        yield "Nothing was timed: how fast it is on the device is not known."
    if record.kind == "emulated" or record.emulation is not None:
        yield "It answered on an emulated core. An emulated time says nothing about the device."
    if record.confirm_score is None:
        yield "No held-out samples were scored: its score comes from the choosing samples."
    elif choice.held == "not told":
        yield "There are too few held-out samples to say that other samples lose no more."
    yield "The score holds for samples like those that were given, and for no other inputs."
    if not record.confirm_slices:
        yield "Classes and groups were not scored one by one: some may lose more than others."
    if not record.corruptions:
        yield "It was not scored on corrupted inputs (noise, blur, poor light)."
    yield from choice.warnings
    yield from artifact.notes
