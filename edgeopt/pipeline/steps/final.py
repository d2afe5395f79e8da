"""Final: the best few that qualify are measured again, in fresh launches and for longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Miss
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import Plan, time_records
from edgeopt.report import shortfall_words
from edgeopt.search import choose

FINALISTS = 3


@dataclass(frozen=True)
class Final:
    """The first of the queue, with the fp32 forms they are compared with.

    Attributes:
        most: finalists of one schedule.
    """

    most: int = FINALISTS

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if not state.queue:
            return Skip("nothing is left that qualifies")
        if state.finalists:
            return Skip("finalists wait to be confirmed")
        if state.is_enough(state.queue[0]):
            return Skip("what is left is no better than what was confirmed")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        first, queue = state.queue[: self.most], state.queue[self.most :]
        finalists = state.latest(first)
        contested = tuple(str(record.recipe_id) for record in finalists)
        plan = Plan(run.call.budget, run.call.seed + 1, state.baseline, contested)
        timed, machine = time_records(run, _group(state, finalists), plan)
        state = replace(state.updated(run.recorder.keep(timed)), queue=queue, findings=machine)
        measured = state.with_ids(contested)
        held = choose.qualifying(measured, state.constraints)
        gone = [_gone(record, state.constraints) for record in measured if record not in held]
        return replace(
            state,
            finalists=tuple(r.key for r in choose.in_order(held, state.constraints)),
            rejected=(*state.rejected, *gone),
        )


def _group(state: State, finalists: Sequence[Record]) -> list[Record]:
    """What is measured together: the finalists, the baseline, the fp32 of their runtimes."""
    like = {(r.runtime, r.recipe.threads) for r in finalists if r.recipe}
    # The first of a runtime and its threads: what comes after it are its variants.
    floats = {
        (r.runtime, r.recipe.threads): r.recipe_id
        for r in reversed(state.records)
        if r.recipe
        and r.precision == "fp32"
        and not r.instead
        and r.latency_ms
        and not r.recipe.compression
    }
    ids = {record.recipe_id for record in finalists} | {state.baseline}
    ids |= {floats[key] for key in like if key in floats}
    return [record for record in state.with_ids(ids) if record.latency_ms]


def _gone(record: Record, constraints: Constraints) -> Miss:
    """A finalist that the longer measurement disqualified."""
    if record.reason:
        return shortfall_words.because(record, record.reason)
    return shortfall_words.miss(record, choose.shortfalls(record, constraints))
