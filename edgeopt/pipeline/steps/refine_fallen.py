"""Refine what fell: more careful forms of an int8 finalist that did not stand; once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeopt.pipeline.refinement import refined
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun


@dataclass(frozen=True)
class RefineFallen:
    """Those that are likely to keep what was asked are timed with the finalists that are left."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if state.fallen is None:
            return Skip("none fell")
        if state.refined_fallen:
            return Skip("it was done once")
        [fallen] = state.latest([state.fallen])
        if fallen.precision != "int8-static":
            return Skip(f"{fallen.precision} has no more careful forms")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        known = {record.key for record in state.records}
        state = replace(refined(run, state), fallen=None, refined_fallen=True)
        more = [
            record
            for record in state.qualifying
            if record.key not in known and record.latency_ms and state.likely(record)
        ]
        if not more:
            return state
        first = state.ranked([*more, *state.latest(state.finalists)])
        keys = [record.key for record in first]
        rest = [record for record in state.latest(state.queue) if record.key not in keys]
        return replace(state.queued([*first, *rest]), finalists=())
