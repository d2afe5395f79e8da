"""Try within: recipes in the order that a limited time asks for; what is left out is recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeopt.domain.obstacle import Obstacle
from edgeopt.domain.recipe import LeftOut
from edgeopt.pipeline.clock import Clock
from edgeopt.pipeline.record_ends import skipped
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_in_time import TargetInTime
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.within import take_in_time
from edgeopt.search.within import Step as Left


@dataclass(frozen=True)
class TryWithin:
    """Steps of `search/within.py` while one fits beside the final schedule and the report."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        return None if state.untried else Skip("nothing is left to try")

    def advance(self, run: TargetRun, state: State) -> State:
        clock = run.due
        worker = TargetInTime(run, state, clock, run.context.seen_before.costs(run.target))
        left = take_in_time(worker)
        if any(one.runs and one.ms is None for one in worker.seen()):
            worker.take(Left("rank", (), 0.0))
        _record(run, clock, left)
        return replace(worker.state, untried=(), slowness=worker.slowness)


def _record(run: TargetRun, clock: Clock, left: tuple[Left, ...]) -> None:
    """A row for each artifact that was not tried: why, and what would have come next."""
    if not left:
        return
    following = left[0].recipes[0].artifact_title
    rows = dict.fromkeys((step.recipes[0].runtime, step.recipes[0].precision) for step in left)
    run.recorder.keep(
        skipped(
            run.target,
            LeftOut(
                runtime=runtime,
                precision=precision,
                why=Obstacle(kind="time-over", limit_s=clock.limit_s, names=(following,)),
            ),
        )
        for runtime, precision in rows
    )
