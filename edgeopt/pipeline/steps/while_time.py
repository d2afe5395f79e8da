"""While time: a step of a call that has a time, where some is left."""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip, Step
from edgeopt.pipeline.target_in_time import REPORT_S
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class WhileTime:
    """A step that is left out where what is left is needed for the bundle and the report."""

    step: Step

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        skip = self.step.why_skipped(run, state)
        if skip is None and run.due.left_s() <= state.slowness * REPORT_S:
            return Skip("the time is over")
        return skip

    def advance(self, run: TargetRun, state: State) -> State:
        return self.step.advance(run, state)
