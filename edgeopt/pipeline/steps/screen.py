"""Screen: all candidates that run on the device are timed in one short interleaved schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edgeopt.domain.record import Record
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import Plan, time_records


@dataclass(frozen=True)
class Screen:
    """Ranks candidates, and finds the baseline; what its refined forms may mend is timed, too.

    After a compression what the machine had spoiled is timed once more.

    Attributes:
        budget: name of the schedule; where energy decides, it is metered in it, too.
        among: recipe ids of what is timed; None: all. What an earlier screening told of the others
            stays: they are far behind.
    """

    budget: str = "screen"
    among: frozenset[str] | None = None

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if not any(map(run.can_time, state.records)):
            return Skip("no candidate runs in its own runtime")
        candidates = _candidates(self, run, state)
        again = state.compression and any(r.latency_ms and r.latency_ms.spoiled for r in candidates)
        if {record.key for record in candidates} <= state.screened and not again:
            return Skip("all candidates were screened together already")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        candidates = _candidates(self, run, state)
        budget = state.schedule(self.budget)
        # A p90 or an energy may be the least of what is slower in the median.
        needs_p90 = state.aim == "p90" or state.constraints.max_p90_ms is not None
        paced = not state.needs_energy and not needs_p90
        pace = (*_lossless(candidates), *_allowed(self, state))
        over = _kept_baseline(self, state, candidates)
        plan = Plan(budget, run.call.seed, pace=pace if paced else (), over=over)
        timed, machine = time_records(run, candidates, plan)
        state = state.updated(run.recorder.keep(timed))
        if _kept_baseline(self, state, timed) is None:
            state = state.with_baseline(run.source.reference_runtime)
        screened = frozenset(r.key for r in timed)
        if self.among is not None:
            screened |= state.screened
        state = replace(state, screened=screened, findings=machine)
        return state.queued(state.ranked())


def _allowed(step: Screen, state: State) -> Iterator[str]:
    """Within a time what qualifies sets the pace, too: no other limit is asked for later."""
    if step.among is not None:
        yield from (str(record.recipe_id) for record in state.qualifying)


def _kept_baseline(step: Screen, state: State, among: Sequence[Record]) -> str | None:
    """What schedules of a few compare with: the same in each, so that they are on one scale.

    None: all are timed together, or it is not among those that run.
    """
    there = {r.recipe_id for r in among if r.status == "ok"}
    return state.baseline if step.among is not None and state.baseline in there else None


def _candidates(step: Screen, run: TargetRun, state: State) -> list[Record]:
    found = _timeable(run, state)
    return [r for r in found if step.among is None or r.recipe_id in step.among]


def _timeable(run: TargetRun, state: State) -> list[Record]:
    return [r for r in state.records if run.can_time(r) or run.can_mend(r)]


def _lossless(records: list[Record]) -> tuple[str, ...]:
    """The ids of the source's own fp32 forms: whatever is allowed to be lost, one of them may ship.

    What is slower than the fastest of them needs no further launch, under any limit.
    """
    return tuple(
        str(r.recipe_id)
        for r in records
        if r.precision == "fp32" and not r.instead and r.recipe and not r.recipe.compression
    )
