"""Final in time: the longest deciding schedule that a limited time has room for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.steps.final import Final
from edgeopt.pipeline.target_in_time import REPORT_S, arm_s, final_budget
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.ending import finalists


@dataclass(frozen=True)
class FinalInTime:
    """The final schedule that there is time for."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        skip = Final().why_skipped(run, state)
        confirmed = bool(state.passed) or state.settled is not None
        if skip is None and confirmed and run.due.left_s() <= 0:
            return Skip("the time is over")
        return skip

    def advance(self, run: TargetRun, state: State) -> State:
        p50 = [r.latency_ms.p50 for r in state.records if r.latency_ms]
        limit_s = run.due.limit_s
        name = final_budget(run.call.budget, limit_s, p50, state.slowness)
        reserve_s = state.slowness * REPORT_S
        most = finalists(run.due.left_s() - reserve_s, arm_s(name, p50, state.slowness))
        # The longer ones go on for what may be a tie as they are.
        looks = BUDGETS["standard"].looks if name == "quick" else ()
        final = Final(most, run.due.until(reserve_s), looks)
        return final.advance(replace(run, call=replace(run.call, budget=name)), state)
