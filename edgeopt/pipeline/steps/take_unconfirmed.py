"""Take unconfirmed: the best there is, where random inputs can confirm nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class TakeUnconfirmed:
    """The first finalist, or the first of the queue where nothing is measured for good."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        return None if state.finalists or state.queue else Skip("nothing qualifies")

    def advance(self, run: TargetRun, state: State) -> State:
        return replace(state, settled=(*state.finalists, *state.queue)[0])
