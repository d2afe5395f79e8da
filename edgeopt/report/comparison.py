"""A run as one table over its targets: what became of each candidate on each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import msgspec

from edgeopt.domain.comparison import Cell, Column, Comparison, Line, State
from edgeopt.domain.published import Predicted, Published
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.target import Profile
from edgeopt.report import single_words
from edgeopt.report.table import choice_of, measured
from edgeopt.search.choose import qualifies
from edgeopt.search.single import single
from edgeopt.targets import predict


def comparison(
    run: Run, profiles: Mapping[str, Profile], published: Sequence[Published] = ()
) -> Comparison:
    """Everything of a run's targets side by side.

    Args:
        profiles: by target. published: what predictions are made from.
    """
    targets = run.request.targets
    records = {name: [r for r in run.records if r.target == name] for name in targets}
    baselines = {c.target: c.baseline_id for c in run.choices}
    lines = [_line(run, key, records) for key in _keys(records)]
    model = PurePath(run.source.path).stem
    lines = [_with_predictions(line, model, profiles, published) for line in lines]
    tried = {name: [r for r in found if r.recipe] for name, found in records.items()}
    return Comparison(
        folder=run.folder,
        columns=tuple(_column(run, name, records[name]) for name in targets),
        lines=tuple(sorted(lines, key=_order)),
        single=single_words.in_words(single(tried, baselines, run.request.constraints)),
    )


def _keys(records: Mapping[str, Sequence[Record]]) -> list[Record]:
    """One record for each candidate: by its session, or by its name where nobody has a recipe."""
    everything = [r for found in records.values() for r in found]
    sessions = {r.recipe.session_id: r for r in reversed(everything) if r.recipe}
    named = {(r.runtime, r.precision) for r in sessions.values()}
    others = {
        (r.runtime, r.precision): r
        for r in everything
        if r.recipe is None and (r.runtime, r.precision) not in named
    }
    return [*reversed(sessions.values()), *others.values()]


def _line(run: Run, key: Record, records: Mapping[str, Sequence[Record]]) -> Line:
    title = f"{key.runtime} {key.precision}"
    if key.recipe:
        options = " ".join(f"{k}={v}" for k, v in sorted(key.recipe.options.items()))
        title = f"{key.recipe.artifact_title} {options}".strip()
    return Line(
        title=title,
        runtime=key.runtime,
        precision=key.precision,
        artifact=key.recipe.conversion_id if key.recipe else None,
        cells=tuple(_cell(run, name, key, found) for name, found in records.items()),
    )


def _cell(run: Run, target: str, key: Record, records: Sequence[Record]) -> Cell:
    own = [
        r for r in records
        if r.recipe and key.recipe and r.recipe.session_id == key.recipe.session_id
    ]  # fmt: skip
    if not own:
        left = next(
            (
                r for r in records
                if r.recipe is None and (r.runtime, r.precision) == (key.runtime, key.precision)
            ),
            None,
        )  # fmt: skip
        if left is None:
            return Cell(target=target, state="absent")
        return Cell(target=target, state="left out", reason=left.reason)
    choice = choice_of(run, target)
    best = min(own, key=lambda r: _merit(run, r, choice.recipe_id if choice else None))
    return Cell(
        target=target,
        state=_state(best),
        recipe_id=best.recipe_id,
        threads=best.recipe.threads if best.recipe else None,
        qualifies=qualifies(best, run.request.constraints),
        chosen=choice is not None and best.recipe_id == choice.recipe_id,
        latency_ms=measured(best),
        versus_baseline=best.versus_baseline,
        score=best.score,
        drop=best.drop,
        reason=best.reason or best.latency_reason,
    )


def _merit(run: Run, record: Record, chosen: str | None) -> tuple[bool, bool, bool, float]:
    """What is chosen first, then what qualifies, then what is fastest; the least is the best."""
    latency = measured(record)
    return (
        record.recipe_id != chosen,
        not qualifies(record, run.request.constraints),
        record.status != "ok",
        latency.p50 if latency else math.inf,
    )


def _state(record: Record) -> State:
    if record.status == "converted":
        return "converted"
    if record.status != "ok":
        return "failed"
    if measured(record):
        return "measured"
    return "emulated" if record.kind == "emulated" else "converted"


def _column(run: Run, target: str, records: Sequence[Record]) -> Column:
    choice = choice_of(run, target)
    record = run.record(target, choice.recipe_id) if choice and choice.recipe_id else None
    devices = [r.device for r in records if r.recipe]
    return Column(
        target=target,
        device=devices[0] if devices else "none",
        basis=choice.basis if choice else None,
        recipe_id=choice.recipe_id if choice else None,
        title=record.title if record else "",
        why=choice.why if choice else "nothing chosen yet.",
        bundle=choice.bundle if choice else None,
    )


def _with_predictions(
    line: Line, model: str, profiles: Mapping[str, Profile], published: Sequence[Published]
) -> Line:
    """Where nothing was measured: what a measurement on another target says, else others' figures.

    Of several predictions the one with the narrowest interval.
    """
    sources = [cell for cell in line.cells if cell.latency_ms and cell.target in profiles]

    def predicted(cell: Cell) -> Predicted | None:
        if cell.state not in ("emulated", "converted") or cell.target not in profiles:
            return None
        found = [
            predict.by_transfer(
                published,
                source.latency_ms.p50,
                profiles[source.target],
                profiles[cell.target],
                line.runtime,
                line.precision,
                source.threads or 1,
            )
            for source in sources
            if source.latency_ms
        ]
        if not any(found):
            others = [profiles[name] for name in profiles if name != cell.target]
            own = profiles[cell.target]
            found = [predict.from_published(published, own, model, line.precision, others)]
        known = [one for one in found if one is not None]
        return min(known, key=lambda one: one.high_ms / one.low_ms, default=None)

    cells = (msgspec.structs.replace(cell, predicted=predicted(cell)) for cell in line.cells)
    return msgspec.structs.replace(line, cells=tuple(cells))


def _order(line: Line) -> tuple[int, int, float]:
    """Chosen somewhere first, then by how many targets it qualifies on, then by speed."""
    latencies = [cell.latency_ms.p50 for cell in line.cells if cell.latency_ms]
    return (
        -sum(cell.chosen for cell in line.cells),
        -sum(cell.qualifies for cell in line.cells),
        min(latencies, default=math.inf),
    )
