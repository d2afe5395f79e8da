"""Finalists: measured again in fresh launches, confirmed on held-out samples, one chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.finding import Finding
from edgeopt.domain.layers import Refinement
from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice, Constraints, Miss
from edgeopt.domain.target import Profile
from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline import promised, stress
from edgeopt.pipeline.refine import refine
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.pipeline.timing import time_records
from edgeopt.report import fidelity_words, shortfall_words, words
from edgeopt.search import choose

FINALISTS = 3


@dataclass
class Finalists:
    """Finalists are measured and confirmed until one is likely to keep what was asked.

    Attributes:
        passed: confirmed, and other samples may lose more all the same.
        likely: confirmed, and likely to keep it: the choice.
        searched_on: more careful forms were looked for after an int8 form fell.
    """

    run: TargetRun
    profile: Profile
    records: list[Record]
    baseline: str | None
    found: tuple[Finding, ...]
    refinements: tuple[Refinement, ...]
    rejected: list[Miss] = field(default_factory=list)
    passed: list[Record] = field(default_factory=list)
    likely: Record | None = None
    searched_on: bool = False

    def through(self, queue: Sequence[Record]) -> None:
        """Go on until one is likely; those that are not are only asked while there is none."""
        constraints = self.run.call.constraints
        while queue and self.likely is None and not self._enough(queue[0]):
            finalists, queue = queue[:FINALISTS], queue[FINALISTS:]
            self.records, self.found = _measure_again(
                self.run, self.records, finalists, self.baseline
            )
            keys = [r.recipe_id for r in finalists]
            measured = [r for r in self.records if r.recipe_id in keys]
            held = choose.qualifying(measured, constraints)
            self.rejected += [_gone(r, constraints) for r in measured if r not in held]
            self._confirm_in_turn(choose.in_order(held, constraints))

    def _enough(self, following: Record) -> bool:
        """Whether nothing better than what was passed is to be expected."""
        return bool(self.passed) and not choose.likely(following, self.run.call.constraints)

    def _confirm_in_turn(self, finalists: Sequence[Record]) -> None:
        constraints = self.run.call.constraints
        for number, record in enumerate(finalists):
            if self._enough(record):
                return
            confirmed = self.run.keep(confirm(self.run, record))
            self.records = replaced(self.records, confirmed)
            missed = broken(confirmed, self.run)
            if missed is None and choose.likely(confirmed, constraints):
                self.likely = confirmed
                return
            if missed is None:
                self.passed.append(confirmed)
            else:
                self.rejected.append(missed)
            more = self._more_careful(confirmed)
            if more:  # timed with what is left, in one schedule
                left = [*more, *finalists[number + 1 :]]
                self.through(choose.in_order(left, constraints, self.baseline))
                return

    def _more_careful(self, fallen: Record) -> list[Record]:
        """Forms of what fell when it was confirmed that are likely to keep what was asked; once."""
        if self.searched_on or fallen.precision != "int8-static":
            return []
        self.searched_on = True
        known = {r.key for r in self.records}
        self.records, more = refine(self.run, self.records, self.baseline, self.refinements)
        self.refinements += more
        constraints = self.run.call.constraints
        return [
            r
            for r in choose.qualifying(self.records, constraints)
            if r.key not in known and r.latency_ms and choose.likely(r, constraints)
        ]

    def choice(self) -> Choice:
        """The one that is likely to keep what was asked, else the most careful confirmed one."""
        record = self.likely or choose.most_careful(self.passed)
        if record is None:
            choice = nothing(
                self.run, self.profile, self.records, self.baseline, tuple(self.rejected)
            )
        else:
            record = stress.under_corruptions(self.run, record)
            self.records = replaced(self.records, record)
            choice = self._chosen(record)
        return _with_findings(choice, self.found, self.refinements)

    def _chosen(self, record: Record) -> Choice:
        asked = (self.run, record, self.records, self.baseline)
        said = promised.promise(*asked)
        return Choice(
            target=self.profile.name,
            recipe_id=record.recipe_id,
            basis="measured",
            why=words.why(record, self.records, self.baseline, self.rejected, said),
            held=said.held,
            needed=said.needed,
            baseline_id=self.baseline,
            front=_front(self.records, self.baseline),
            rejected=tuple(self.rejected),
            warnings=(
                *fidelity_words.warnings(record),
                *words.without_interval(record),
                *promised.warnings(*asked),
            ),
        )


def _with_findings(
    choice: Choice, found: Sequence[Finding], refinements: tuple[Refinement, ...]
) -> Choice:
    """What a reader should know of the machine; what was well or unknown is in measurements/."""
    notable = tuple(one for one in found if one.state in ("warning", "failed"))
    return msgspec.structs.replace(choice, findings=notable, refinements=refinements)


def _gone(record: Record, constraints: Constraints) -> Miss:
    """A finalist that the longer measurement disqualified."""
    if record.reason:
        return shortfall_words.because(record, record.reason)
    return shortfall_words.miss(record, choose.shortfalls(record, constraints))


def _measure_again(
    run: TargetRun, records: Sequence[Record], finalists: Sequence[Record], baseline: str | None
) -> tuple[list[Record], tuple[Finding, ...]]:
    """The finalists with the fp32 forms they are compared with, in fresh launches."""
    wanted = {r.recipe_id for r in finalists} | {baseline}
    like = {(r.runtime, r.recipe.threads) for r in finalists if r.recipe}
    # The first of a runtime and its threads: what comes after it are its variants.
    floats = {
        (r.runtime, r.recipe.threads): r.recipe_id
        for r in reversed(records)
        if r.recipe
        and r.precision == "fp32"
        and not r.instead
        and r.latency_ms
        and not r.recipe.compression
    }
    wanted |= {floats[key] for key in like if key in floats}
    group = [r for r in records if r.latency_ms and r.recipe_id in wanted]
    contested = [str(r.recipe_id) for r in finalists]
    budget, seed = BUDGETS[run.call.budget], run.call.seed + 1
    measured, found = time_records(
        run.evaluator, group, budget, seed, baseline, contested, run.progress
    )
    for record in measured:
        records = replaced(records, run.keep(record))
    return list(records), found


def replaced(records: Sequence[Record], new: Record) -> list[Record]:
    """The records with the newer one of a candidate."""
    return [new if r.key == new.key else r for r in records]


def confirm(run: TargetRun, record: Record) -> Record:
    """Score a candidate on the part held out for it, with the very options that ship."""
    assert record.recipe is not None
    run.progress(f"confirming {record.recipe}")
    evaluator, exam = run.evaluator, run.confirm
    try:
        artifact = evaluator.artifact(record.recipe)
        with evaluator.conversions.turns.working():
            answers, _ = evaluator.answers(record.recipe, artifact, exam)
            score, drop = exam.marks(evaluator.judge, answers, evaluator.output, evaluator.max_drop)
            effects = evaluator.slices(exam, answers)
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


def broken(record: Record, run: TargetRun) -> Miss | None:
    """The promise that a candidate broke when it was confirmed, or None."""
    if record.status != "ok":
        return shortfall_words.because(record, f"confirming it failed: {record.reason}")
    missed = choose.shortfalls(record, run.call.constraints)
    return shortfall_words.miss(record, missed) if missed else None


def nothing(
    run: TargetRun,
    profile: Profile,
    records: Sequence[Record],
    baseline: str | None,
    rejected: tuple[Miss, ...] = (),
) -> Choice:
    """The choice where nothing qualifies."""
    limits = run.call.constraints
    return Choice(
        target=profile.name,
        recipe_id=None,
        basis="measured" if any(r.latency_ms for r in records) else "profile order",
        why=words.nothing(records),
        baseline_id=baseline,
        front=_front(records, baseline),
        misses=tuple(
            shortfall_words.miss(record, choose.shortfalls(record, limits))
            for record in choose.nearest(records, limits)
        ),
        rejected=rejected,
    )


def _front(records: Sequence[Record], baseline: str | None) -> tuple[str, ...]:
    return tuple(str(r.recipe_id) for r in choose.front(records, baseline))
