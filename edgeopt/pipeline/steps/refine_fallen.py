"""Refine what fell: more careful forms of an int8 finalist that did not stand; once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeopt.pipeline.refinement import refined
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.worth import chances


@dataclass(frozen=True)
class RefineFallen:
    """More careful forms of what fell, or of those that were not refined since it was faster.

    Those that are likely to keep what was asked are timed with the finalists that are left.
    """

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if state.fallen is None:
            return Skip("none fell")
        if state.refined_fallen:
            return Skip("it was done once")
        [fallen] = state.latest([state.fallen])
        if fallen.precision == "int8-static":
            return None
        if not fallen.precision.startswith("int8"):
            return Skip(f"{fallen.precision} has no more careful forms")
        if not _held_back(state):
            return Skip(f"{fallen.precision} has no more careful forms, and held no other one back")
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


def _held_back(state: State) -> bool:
    """Whether static integers were not refined, since what fell was faster than all of them."""
    done = {one.recipe_id for one in state.refinements}
    found = chances(state.records, state.constraints, state.aim)
    return any(chance.plain.recipe_id not in done for chance in found)
