"""Leave untried: what a first look had no time for is recorded, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeopt.domain.obstacle import Obstacle
from edgeopt.domain.recipe import LeftOut
from edgeopt.pipeline.record_ends import skipped
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class LeaveUntried:
    """One record for each runtime and precision."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        return None if state.untried else Skip("all was tried")

    def advance(self, run: TargetRun, state: State) -> State:
        why = Obstacle(kind="no-time")
        pairs = dict.fromkeys((recipe.runtime, recipe.precision) for recipe in state.untried)
        run.recorder.keep(
            skipped(run.target, LeftOut(runtime=runtime, precision=precision, why=why))
            for runtime, precision in pairs
        )
        return replace(state, untried=())
