"""Confirm: the next finalist is scored on the samples held out for it, as it would ship."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Miss
from edgeopt.pipeline.state import State
from edgeopt.pipeline.step import Skip
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.report import shortfall_words
from edgeopt.search import choose


@dataclass(frozen=True)
class Confirm:
    """One finalist: the choice, passed, or rejected by name."""

    def why_skipped(self, run: TargetRun, state: State) -> Skip | None:
        if not state.finalists:
            return Skip("no finalist is left")
        if state.is_enough(state.finalists[0]):
            return Skip("what is left is no better than what was confirmed")
        return None

    def advance(self, run: TargetRun, state: State) -> State:
        [candidate] = state.latest(state.finalists[:1])
        [confirmed] = run.recorder.keep([_confirmed(run, candidate)])
        state = replace(state.updated([confirmed]), finalists=state.finalists[1:], fallen=None)
        missed = _missed(confirmed, state.constraints)
        if missed is not None:
            return replace(state, rejected=(*state.rejected, missed), fallen=confirmed.key)
        if state.likely(confirmed):
            return replace(state, settled=confirmed.key)
        return replace(state, passed=(*state.passed, confirmed.key), fallen=confirmed.key)


def _confirmed(run: TargetRun, record: Record) -> Record:
    """A candidate with its score on the held-out part, or failed."""
    assert record.recipe is not None
    run.progress(f"confirming {record.recipe}")
    evaluator, context = run.evaluator, run.context
    access, held_out = evaluator.access, context.confirm.value()
    try:
        subject = evaluator.subject(record.recipe)
        with access.host_lock.working():
            answers, _ = evaluator.answers(record.recipe, subject, held_out)
            score, drop = held_out.marks(answers)
            effects = held_out.slices(answers)
    except (StepFailed, BadInput) as error:  # a metric may be undefined on this part
        failed = error if isinstance(error, StepFailed) else None
        return msgspec.structs.replace(
            record,
            status=failed.status if failed else "failed-run",
            step="score",
            reason=str(error.args[0]),
            hint=error.hint,
        )
    return msgspec.structs.replace(
        record, confirm_score=score, confirm_drop=drop, confirm_slices=effects
    )


def _missed(record: Record, constraints: Constraints) -> Miss | None:
    """The promise that a candidate broke when it was confirmed, or None."""
    if record.status != "ok":
        return shortfall_words.because(record, f"confirming it failed: {record.reason}")
    shortfalls = choose.shortfalls(record, constraints)
    return shortfall_words.miss(record, shortfalls) if shortfalls else None
