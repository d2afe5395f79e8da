"""What stands for each candidate on each target of a run: pure functions of records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePath

import msgspec

from edgeopt.domain.comparison import Cell, Line, State
from edgeopt.domain.published import Predicted, Published
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.target import Profile
from edgeopt.search.aims import share_of_baseline
from edgeopt.search.choose import qualifies
from edgeopt.search.single import NoSingle, SingleBest, best_single
from edgeopt.targets import predict

ByTarget = Mapping[str, Sequence[Record]]


def records_by_target(run: Run) -> dict[str, list[Record]]:
    """The records of each target, in the order in which targets were asked for."""
    return {name: [r for r in run.records if r.target == name] for name in run.request.targets}


def lines(
    run: Run, profiles: Mapping[str, Profile], published: Sequence[Published] = ()
) -> tuple[Line, ...]:
    """A line for each candidate: with the threads that are best on each target.

    Chosen somewhere first, then by how many targets it qualifies on, then by speed.

    Args:
        profiles: by target. published: what predictions are made from.
    """
    records = records_by_target(run)
    model = PurePath(run.source.path).stem
    bare = [(key, _line(run, key, records)) for key in _keys(records)]
    complete = [
        # What is published is of single samples.
        line
        if key.recipe and key.recipe.batch > 1
        else _with_predictions(line, model, profiles, published)
        for key, line in bare
    ]
    return tuple(sorted(complete, key=_order))


def single_of(run: Run) -> SingleBest | NoSingle:
    """The best artifact of a run if one must serve all its targets."""
    tried = {
        target: [record for record in records if record.recipe]
        for target, records in records_by_target(run).items()
    }
    baselines = {choice.target: choice.baseline_id for choice in run.choices}
    return best_single(tried, baselines, run.request.constraints, run.request.aim)


def _keys(records: ByTarget) -> list[Record]:
    """One record for each candidate: by its session, or by its name where nobody has a recipe."""
    everything = [record for tried in records.values() for record in tried]
    sessions = {r.recipe.session_id: r for r in reversed(everything) if r.recipe}
    named = {(r.runtime, r.precision) for r in sessions.values()}
    others = {
        (r.runtime, r.precision): r
        for r in everything
        if r.recipe is None and (r.runtime, r.precision) not in named
    }
    return [*reversed(sessions.values()), *others.values()]


def _line(run: Run, key: Record, records: ByTarget) -> Line:
    title = f"{key.runtime} {key.precision}"
    if key.recipe:
        options = " ".join(f"{k}={v}" for k, v in sorted(key.recipe.options.items()))
        title = f"{key.recipe.artifact_title} {options}".strip()
    return Line(
        title=title,
        runtime=key.runtime,
        precision=key.precision,
        artifact=key.recipe.conversion_id if key.recipe else None,
        cells=tuple(_cell(run, name, key, tried) for name, tried in records.items()),
    )


def _cell(run: Run, target: str, key: Record, records: Sequence[Record]) -> Cell:
    sessions = [
        r for r in records
        if r.recipe and key.recipe and r.recipe.session_id == key.recipe.session_id
    ]  # fmt: skip
    if not sessions:
        return _without(target, key, records)
    choice = run.choice(target)
    baseline = choice.baseline_id if choice else None
    chosen = choice.recipe_id if choice else None
    best = min(sessions, key=lambda r: _merit(run, r, chosen, baseline))
    return Cell(
        target=target,
        state=state(best),
        recipe_id=best.recipe_id,
        threads=best.recipe.threads if best.recipe else None,
        qualifies=qualifies(best, run.request.constraints),
        chosen=best.recipe_id == chosen,
        baseline=best.recipe_id == baseline,
        latency_ms=best.measured,
        versus_baseline=best.versus_baseline,
        score=best.score,
        drop=best.drop,
        reason=best.reason or best.latency_reason,
    )


def _without(target: str, key: Record, records: Sequence[Record]) -> Cell:
    """Where a target has no recipe for a candidate: left out, or not named at all."""
    named = (key.runtime, key.precision)
    for record in records:
        if record.recipe is None and (record.runtime, record.precision) == named:
            return Cell(target=target, state="left out", reason=record.reason)
    return Cell(target=target, state="absent")


def _merit(
    run: Run, record: Record, chosen: str | None, baseline: str | None
) -> tuple[bool, bool, bool, bool, float]:
    """What is chosen first, then what qualifies, then what is fastest; the least is the best.

    Times are relative to the baseline's: those of two schedules compare by that alone.
    """
    latency = record.measured
    share = share_of_baseline(record, baseline) if latency else None
    return (
        record.recipe_id != chosen,
        not qualifies(record, run.request.constraints),
        record.status != "ok",
        share is None,
        share if share is not None else latency.p50 if latency else math.inf,
    )


def state(record: Record) -> State:
    """What became of a candidate on a target."""
    if record.status == "converted":
        return "converted"
    if record.status != "ok":
        return "failed"
    if record.measured:
        return "measured"
    return "emulated" if record.kind == "emulated" else "converted"


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
        predictions = [
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
        if not any(predictions):
            others = [profiles[name] for name in profiles if name != cell.target]
            target = profiles[cell.target]
            predictions = [predict.from_published(published, target, model, line.precision, others)]
        known = [one for one in predictions if one is not None]
        return min(known, key=lambda one: one.high_ms / one.low_ms, default=None)

    cells = (msgspec.structs.replace(cell, predicted=predicted(cell)) for cell in line.cells)
    return msgspec.structs.replace(line, cells=tuple(cells))


def _order(line: Line) -> tuple[int, int, tuple[bool, float]]:
    return (
        -sum(cell.chosen for cell in line.cells),
        -sum(cell.qualifies for cell in line.cells),
        min(cell.pace for cell in line.cells),
    )
