"""Make and score: every recipe converted, held to the source, scored. Refusals are records."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class MakeAndScore:
    """What is untried. `Evaluator.candidate` refuses what does not answer as the source does."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        return None if state.untried else Skip("nothing is left to try")

    def advance(self, run: TargetRun, state: State) -> State:
        return replace(state.updated(run.evaluated(state.untried)), untried=())
