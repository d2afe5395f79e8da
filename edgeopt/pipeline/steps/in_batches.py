"""In batches: the leading candidates with several samples at once, where a throughput is wanted."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import Plan, time_records
from edgeopt.search import choose
from edgeopt.search.space import thread_counts


@dataclass(frozen=True)
class InBatches:
    """Each is converted with every batch that was asked for, and scored as it answers so.

    All are timed in one schedule, with every number of threads, beside single samples; a verdict is
    of the time of a sample.

    Attributes:
        leaders: artifacts of the queue that are tried.
    """

    leaders: int = 3

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if run.call.aim != "throughput" or not run.context.intake.batched:
            return Skip("no batch was asked for")
        if not state.queue:
            return Skip("nothing qualifies")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        leaders = _leaders(state, self.leaders)
        made = run.evaluated(_recipes(run, leaders))
        state = state.updated(made)
        alive = choose.qualifying(made, state.constraints)
        if not alive:
            return state
        ids = {r.recipe_id for r in leaders} | {state.baseline}
        new = {r.recipe_id for r in alive}
        group = [*state.with_ids(ids - new), *alive]
        plan = Plan(
            state.schedule("closer"),
            run.call.seed + 3,
            state.baseline,
            tuple(str(recipe_id) for recipe_id in new),
        )
        timed, _ = time_records(run, group, plan)
        state = state.updated(run.recorder.keep(timed))
        return state.queued(state.ranked())


def _leaders(state: State, most: int) -> list[Record]:
    """The first of the queue, one an artifact."""
    first: dict[str, Record] = {}
    for record in state.latest(state.queue):
        if record.recipe is not None:
            first.setdefault(record.recipe.conversion_id, record)
    return list(first.values())[:most]


def _recipes(run: TargetRun, leaders: list[Record]) -> list[Recipe]:
    """Every batch with every number of threads."""
    machine, asked = run.placement.machine or {}, run.call.constraints.space
    cores = machine.get("cores") or run.placement.profile.big_cores
    counts = thread_counts(run.placement.profile, cores, asked.threads if asked else ())
    return [
        msgspec.structs.replace(record.recipe, batch=batch, threads=threads)
        for record in leaders
        if record.recipe is not None
        for batch in run.context.intake.batched
        for threads in counts
    ]
