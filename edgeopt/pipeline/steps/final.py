"""Final: the best few that qualify are measured again, in fresh launches and for longer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Miss
from edgeopt.pipeline.clock import Deadline
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
        deadline: of that schedule; None: there is none.
        looks: its numbers of launches, which then go on for what may be a tie; (): the budget's.
    """

    most: int = FINALISTS
    deadline: Deadline | None = None
    looks: tuple[int, ...] = ()

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
        budget = run.call.budget
        # Two more launches for what may be a tie are not quick.
        between = budget != "quick" or bool(self.looks)
        plan = Plan(
            budget, run.call.seed + 1, state.baseline, contested,
            between=between, deadline=self.deadline, looks=self.looks,
        )  # fmt: skip
        timed, machine = time_records(run, _group(state, finalists), plan)
        along = {record.key for record in timed} - set(first)
        state = replace(
            state.updated(run.recorder.keep(timed)),
            queue=tuple(key for key in queue if key not in along),
            findings=machine,
        )
        # What was timed beside them and waited for its turn has had it.
        measured = state.latest((*first, *(key for key in queue if key in along)))
        held = choose.qualifying(measured, state.constraints)
        gone = [_gone(record, state.constraints) for record in measured if record not in held]
        return replace(
            state,
            finalists=tuple(r.key for r in state.ranked(held)),
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
