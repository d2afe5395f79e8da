"""What several models ship, timed in one interleaved schedule for each target."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from edgeopt.benchmarking import trusted
from edgeopt.benchmarking.explaining import Question, inputs_of
from edgeopt.benchmarking.opened_files import Feeds, place
from edgeopt.devices.registry import LOCAL
from edgeopt.devices.resolve import resolve
from edgeopt.domain.errors import BadInput
from edgeopt.domain.finding import failures
from edgeopt.domain.models_compared import Doubt, ModelRow, ModelsCompared, ModelsOnTarget
from edgeopt.domain.progress import Listener, silent, under
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.harness.budget import STANDARD, Budget
from edgeopt.harness.feed import Feed
from edgeopt.harness.figures import latency
from edgeopt.harness.interleaved import measure
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Measurement
from edgeopt.harness.validity import findings
from edgeopt.harness.verdicts import compare, settled
from edgeopt.report.source_value import source_value
from edgeopt.search.standing import Entrant, standings
from edgeopt.store.run_folder import RunFolder

_TIMEOUT_S = 300.0
_NOTABLE = ("warning", "failed")


@dataclass(frozen=True)
class _Model:
    """One model's run, and what it ships on a target, if anything."""

    number: int
    run: Run
    record: Record | None

    @property
    def key(self) -> str:
        """In the schedule: two models may ship the same recipe."""
        return f"model {self.number}"


def compare_models(
    runs: Sequence[Run], budget: Budget = STANDARD, seed: int = 0, progress: Listener = silent
) -> ModelsCompared:
    """Time what each run ships beside what the others do, and say which model is worth it.

    Inputs are each run's own data where that is an .npz that is still there, else random.

    Args:
        runs: finished, of one model each, with their folders.

    Raises:
        BadInput: a run is not finished, or they share no target.
    """
    shared = [
        target
        for target in runs[0].request.targets
        if all(target in run.request.targets for run in runs)
    ]
    if not shared:
        raise BadInput(
            "these runs share no target.",
            "; ".join(f"{run.folder}: {', '.join(run.request.targets)}" for run in runs),
        )
    for run in runs:
        if run.state != "finished":
            raise BadInput(f"{run.folder} is not finished.", "The same call again goes on with it.")
    doubt = _doubt(runs)
    made = tuple(_on(target, runs, doubt, budget, seed, progress) for target in shared)
    return ModelsCompared(metric=runs[0].data.metric, targets=made, doubt=doubt)


def _doubt(runs: Sequence[Run]) -> Doubt:
    """Why scores of two models cannot be compared, "" where they can."""
    first = runs[0]
    if any(run.data.metric != first.data.metric for run in runs):
        return "metrics"
    if any(run.data.metric == "agreement" and not run.data.labels for run in runs):
        return "agreement"
    same = all(
        (run.request.data, run.request.seed, run.data.confirm)
        == (first.request.data, first.request.seed, first.data.confirm)
        for run in runs
    )
    return "" if same else "data"


def _on(
    target: str, runs: Sequence[Run], doubt: str, budget: Budget, seed: int, progress: Listener
) -> ModelsOnTarget:
    models = [_Model(n, run, _chosen(run, target)) for n, run in enumerate(runs)]
    timed = [one for one in models if one.record is not None and one.record.measured]
    devices = {one.record.device for one in timed if one.record}
    device = devices.pop() if len(devices) == 1 else "none"
    session = None
    if device != "none" and len(timed) > 1:
        session = _session(device, timed, budget, seed, under(progress, f"{target}: all models"))
    machine = findings(session) if session else ()
    rows = _rows(models, session, failures(machine), doubt)
    return ModelsOnTarget(
        target=target,
        device=device if session else "none",
        rows=rows,
        findings=tuple(one for one in machine if one.state in _NOTABLE),
        raw=session.raw() if session else {},
    )


def _chosen(run: Run, target: str) -> Record | None:
    choice = run.choice(target)
    return run.record(target, choice.recipe_id) if choice and choice.recipe_id else None


def _session(
    name: str, models: Sequence[_Model], budget: Budget, seed: int, progress: Listener
) -> Measurement:
    """One schedule over what the models ship. The first of them is measured twice."""
    with contextlib.ExitStack() as stack:
        asked = None if name == LOCAL else stack.enter_context(contextlib.closing(resolve(name)))
        device, work = stack.enter_context(place(asked))
        feeds = Feeds()
        subjects = [_subject(one, feeds, work, seed) for one in models]
        keys = [subject.key for subject in subjects]
        return measure(
            device,
            subjects,
            feeds,
            budget,
            work / "models.log",
            _TIMEOUT_S,
            seed,
            progress,
            keys[0],
            lambda session: settled(session, keys),
        )


def _subject(model: _Model, feeds: Feeds, work: Path, seed: int) -> Subject:
    assert model.record is not None
    store = RunFolder(Path(model.run.folder))
    found = trusted.subject(store, model.record, trust=False)
    arrays, _ = inputs_of(model.run, Question(seed=seed))
    feeds.add(found.inputs, Feed(arrays, work / f"inputs-{model.number}"))
    return replace(found, key=model.key, title=f"{model.run.request.source}: {found.title}")


def _rows(
    models: Sequence[_Model],
    session: Measurement | None,
    spoiled: tuple[str, ...],
    doubt: str,
) -> tuple[ModelRow, ...]:
    rows = [_row(one, session, spoiled) for one in models]

    def verdict(one: int, over: int) -> str | None:
        keys = models[one].key, models[over].key
        if session is None or spoiled or not all(key in session.timed for key in keys):
            return None
        if any(session.timed[key].failed for key in keys):
            return None
        found = compare(session, *keys)
        return found.word if found else None

    entrants = [
        Entrant(
            None if row.score is None or doubt else (-1 if row.lower_is_better else 1) * row.score
        )
        for row in rows
    ]
    found = standings(entrants, verdict)
    return tuple(
        row
        if row.recipe_id is None
        else msgspec.structs.replace(
            row, standing=state, by=tuple(rows[number].model for number in by)
        )
        for row, (state, by) in zip(rows, found, strict=True)
    )


def _row(model: _Model, session: Measurement | None, spoiled: tuple[str, ...]) -> ModelRow:
    run, record = model.run, model.record
    row = ModelRow(
        model=run.request.source, folder=run.folder, recipe_id=None, title="",
        standing="nothing chosen", reason="nothing was chosen",
    )  # fmt: skip
    if record is None:
        return row
    score, drop = record.confirm_score, record.confirm_drop
    row = msgspec.structs.replace(
        row,
        recipe_id=record.recipe_id,
        title=record.title,
        score=score.value if score else None,
        source_score=source_value(score, drop) if score and drop else None,
        n=score.n if score else None,
        lower_is_better=bool(drop and drop.relative is not None),
        size_bytes=record.size_bytes,
        standing="not told",
        reason="",
    )
    timed = session.timed.get(model.key) if session else None
    if session is None or timed is None or timed.failed:
        why = timed.failed if timed else record.latency_reason
        return msgspec.structs.replace(row, reason=why or "not timed beside the others")
    first = session.baseline
    versus = None
    if model.key != first and not (spoiled or session.timed[first].failed):
        versus = compare(session, model.key, first)
    return msgspec.structs.replace(
        row, latency_ms=latency(timed, session.budget, spoiled), versus_first=versus
    )
