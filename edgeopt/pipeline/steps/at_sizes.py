"""At sizes: where an axis stays open, the chosen is timed at every stated size."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from edgeopt.domain.at_size import AtSize
from edgeopt.domain.finding import failures
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.domain.progress import under
from edgeopt.domain.record import Record
from edgeopt.harness.budget import BUDGETS, Budget
from edgeopt.harness.figures import latency
from edgeopt.harness.interleaved import measure
from edgeopt.harness.subject import Subject
from edgeopt.harness.timed import Measurement
from edgeopt.harness.validity import findings
from edgeopt.harness.verdicts import compare, decided
from edgeopt.pipeline import schedules
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class AtSizes:
    """The chosen and the baseline, in one schedule of all sizes. Nothing is decided by it.

    Attributes:
        budget: the schedule's name.
    """

    budget: str = "closer"

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if run.source.kept is None:
            return Skip("no axis is kept open")
        return None if state.chosen else Skip("nothing was chosen")

    def advance(self, run: TargetRun, state: State) -> State:
        chosen, kept = state.chosen, run.source.kept
        assert chosen is not None
        assert kept is not None
        group = [chosen, *(r for r in state.with_ids([state.baseline]) if r.key != chosen.key)]
        session = _measured(run, group, kept, BUDGETS[self.budget])
        spoiled = failures(findings(session))
        held_out = run.context.confirm.value().samples.sizes
        timed = [
            msgspec.structs.replace(
                record,
                sizes=tuple(
                    _at_size(session, record, size, state.baseline, held_out, spoiled)
                    for size in kept.sizes
                ),
            )
            for record in group
        ]
        return state.updated(run.recorder.keep(timed))


def _key(record: Record, size: int) -> str:
    return f"{record.recipe_id} at {size}"


def _measured(
    run: TargetRun, group: Sequence[Record], kept: KeptAxis, budget: Budget
) -> Measurement:
    """One schedule, or the same one that the folder has.

    Raises:
        DeviceFailed: the device was lost.
    """
    access, folder = run.evaluator.access, run.context.folder.path / "measurements"
    plan = msgspec.structs.replace(
        schedules.asked(access, group, budget, run.call.seed + 4, None, ()),
        subjects={_key(record, s): str(record.sha256) for record in group for s in kept.sizes},
    )
    known = schedules.known(folder, plan, budget)
    if known is not None:
        return known
    subjects = [_subject(run, record, size) for record in group for size in kept.sizes]
    first, *others = group
    pairs = {_key(first, size): _key(one, size) for one in others for size in kept.sizes}
    with access.measuring():
        session = measure(
            access.device,
            subjects,
            run.evaluator.choose.feed,
            budget,
            access.log("measure-sizes"),
            run.call.step_timeout_s,
            plan.seed,
            under(run.progress, "measuring (each size)"),
            settled=lambda session: decided(session, pairs),
        )
        if any(timed.timed_out for timed in session.timed.values()):
            access.require_answer()
        machine = findings(session)
        whole = not failures(machine) and not any(t.failed for t in session.timed.values())
        schedules.keep(folder, plan, budget, session.raw(), whole)
    return session


def _subject(run: TargetRun, record: Record, size: int) -> Subject:
    assert record.recipe is not None
    subject = run.evaluator.subject(record.recipe)
    title = f"{subject.title} at {size}"
    return dataclasses.replace(subject, key=_key(record, size), title=title, size=size)


def _at_size(
    session: Measurement,
    record: Record,
    size: int,
    baseline: str | None,
    held_out: np.ndarray | None,
    spoiled: tuple[str, ...],
) -> AtSize:
    key, over = _key(record, size), f"{baseline} at {size}"
    samples = 0 if held_out is None else int((held_out == size).sum())
    timed = session.timed[key]
    if timed.failed or not timed.steady_ns:
        why = timed.failed or "it was not timed"
        return AtSize(size=size, samples=samples, latency_ms=None, reason=why)
    verdict = None
    if not spoiled and over in session.timed and over != key:
        verdict = compare(session, key, over)
    figures = latency(timed, session.budget, spoiled)
    return AtSize(size=size, samples=samples, latency_ms=figures, versus_baseline=verdict)
