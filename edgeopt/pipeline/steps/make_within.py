"""Make within: as `MakeAndScore`, a few recipes at a time, while there is time."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from edgeopt.pipeline.conversions import AHEAD
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class MakeWithin:
    """Nothing new is begun after so many seconds; what is left stays untried."""

    seconds: float

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        return None if state.untried else Skip("nothing is left to try")

    def advance(self, run: TargetRun, state: State) -> State:
        end = time.monotonic() + self.seconds
        while state.untried and time.monotonic() < end:
            # So many artifacts that conversions go on while others are scored.
            made = list(dict.fromkeys(recipe.conversion_id for recipe in state.untried))
            now = set(made[: 2 * AHEAD])
            recipes = [r for r in state.untried if r.conversion_id in now]
            left = tuple(r for r in state.untried if r.conversion_id not in now)
            state = replace(state.updated(run.evaluated(recipes)), untried=left)
        return state
