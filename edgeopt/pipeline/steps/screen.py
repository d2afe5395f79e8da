"""Screen: all candidates that run on the device are timed in one short interleaved schedule."""

from __future__ import annotations

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
        budget: name of the schedule.
    """

    budget: str = "screen"

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if not any(map(run.can_time, state.records)):
            return Skip("no candidate runs in its own runtime")
        candidates = _timeable(run, state)
        again = state.compression and any(r.latency_ms and r.latency_ms.spoiled for r in candidates)
        if {record.key for record in candidates} <= state.screened and not again:
            return Skip("all candidates were screened together already")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        timed, machine = time_records(run, _timeable(run, state), Plan(self.budget, run.call.seed))
        state = state.updated(run.recorder.keep(timed))
        state = state.with_baseline(run.source.reference_runtime)
        state = replace(state, screened=frozenset(r.key for r in timed), findings=machine)
        return state.queued(state.ranked())


def _timeable(run: TargetRun, state: State) -> list[Record]:
    return [r for r in state.records if run.can_time(r) or run.can_mend(r)]
