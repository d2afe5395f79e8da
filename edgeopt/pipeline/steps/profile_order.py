"""Profile order: where nothing was timed, candidates are confirmed in the order of the profile."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class ProfileOrder:
    """Those first that are likely to keep what was asked."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        return None if state.qualifying else Skip("nothing qualifies")

    def advance(self, run: TargetRun, state: State) -> State:
        order = sorted(state.qualifying, key=lambda record: not state.likely(record))
        return replace(state, finalists=tuple(record.key for record in order))
