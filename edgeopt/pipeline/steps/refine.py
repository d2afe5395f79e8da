"""Refine: fast int8 forms that lose too much get better integers, then layers in float."""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.pipeline.refinement import refined
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.worth import chances


@dataclass(frozen=True)
class Refine:
    """Each int8 form that is faster than all that qualifies and may lose too much.

    Attributes:
        reserve_s: seconds of a call's time, if it has one, that are left for what comes after.
    """

    reserve_s: float = 0.0

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if not state.screened:
            return Skip("no candidate was timed")
        if not chances(state.records, state.constraints, state.aim):
            return Skip("no int8 form is better than what qualifies and loses too much")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        state = refined(run, state, self.reserve_s)
        return state.queued(state.ranked())
