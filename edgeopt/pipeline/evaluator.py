"""Makes candidates on one device: parity with the source there, score. A failure is a record."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.datasets.samples import Samples
from edgeopt.domain import arithmetic
from edgeopt.domain.effects import Slices
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Executed, Parity, Record, RecordStep
from edgeopt.domain.score import Drop, Score
from edgeopt.domain.session_facts import SessionFacts
from edgeopt.harness.answering import answer
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.feed import ungrouped
from edgeopt.harness.subject import Subject
from edgeopt.pipeline import diagnosis
from edgeopt.pipeline.bases import bases_of
from edgeopt.pipeline.conversions import Conversions
from edgeopt.pipeline.device_access import DeviceAccess
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.growing import Growing, sizes_missed
from edgeopt.pipeline.parity_check import COMPRESSED, Answers, TooFar
from edgeopt.pipeline.record_ends import failed, made_only, unscored
from edgeopt.pipeline.session_account import executed, notes
from edgeopt.pipeline.source_model import output_shapes
from edgeopt.runner import sensors

#: What is so slow that its scoring takes longer is scored on fewer samples; its n says so.
PATIENCE_S = 10.0


@dataclass(frozen=True)
class Marks:
    """What the answers of one session came to; threads and cores do not change it.

    Attributes:
        score, drop: None where the inputs are random.
        given_up: after so many samples, which lose too much; None: all were answered.
    """

    parity: Parity
    score: Score | None = None
    drop: Drop | None = None
    slices: tuple[Slices, ...] = ()
    given_up: int | None = None


@dataclass(frozen=True)
class Evaluator:
    """Answers and scores recipes on one device; each session's score once.

    Attributes:
        choose: the part that candidates are scored on.
        absent: runtime that is not there -> why; another one answers for its recipes.
        floats: runtime -> its fp32 recipe, where the target has one.
        growing: scores grow, and a form that clearly loses too much is given up (`growing.py`).
    """

    conversions: Conversions
    choose: EvaluationSet
    access: DeviceAccess
    absent: Mapping[str, str] = field(default_factory=dict)
    floats: Mapping[str, Recipe] = field(default_factory=dict)
    growing: bool = False
    _marks: dict[str, Marks | StepFailed] = field(default_factory=dict)
    _accounts: dict[str, Executed | StepFailed] = field(default_factory=dict)
    _reports: dict[str, Executed] = field(default_factory=dict)

    def candidate(self, record: Record, recipe: Recipe) -> Record:
        """Convert and score one recipe: its blank record filled in, not yet measured.

        Raises:
            DeviceFailed: the device is not there; that says nothing of the recipe.
        """
        step: RecordStep = "convert"
        try:
            artifact = self.conversions.artifact(recipe)
            record = msgspec.structs.replace(
                record,
                size_bytes=artifact.size_bytes,
                sha256=artifact.sha256,
                artifact=artifact.path,
                notes=artifact.notes,
            )
            if runtimes.spec(recipe.runtime).elsewhere:
                return made_only(record)
            step = "score"
            if self.growing and (sizes := sizes_missed(record, self.choose)):
                return unscored(record, sizes)
            self._require_sound_bases(recipe)
            marks = self._marked(recipe)
            account = self._account(recipe)
        except StepFailed as error:
            if error.status == "failed-parity":
                step = "parity"
                record = self._compared(record, recipe, error)
                error = diagnosis.named(self.conversions, recipe, self._looked_at, error)
            return failed(record, step, error)
        return msgspec.structs.replace(
            record,
            parity=marks.parity,
            score=marks.score,
            drop=marks.drop,
            slices=marks.slices,
            given_up=marks.given_up,
            executed=msgspec.structs.replace(account, threads=recipe.threads),
            notes=(*record.notes, *notes(recipe, account)),
        )

    @property
    def _looked_at(self) -> Samples:
        """Samples of single inferences: of sequences those steps that calibrate."""
        samples = self.choose.samples
        return self.conversions.calibration if samples.steps else samples

    def subject(self, recipe: Recipe) -> Subject:
        """A recipe's artifact as something to run.

        Raises:
            StepFailed: there is no artifact.
        """
        artifact = self.conversions.artifact(recipe)
        subject = Subject.of(recipe, artifact, self.conversions.path(artifact))
        if recipe.runtime not in self.absent:
            return subject
        return replace(subject, runtime=runtimes.spec(recipe.runtime).stand_in, options={})

    def answers(
        self,
        recipe: Recipe,
        subject: Subject,
        part: EvaluationSet,
        patience_s: float = math.inf,
        enough: Callable[[Mapping[str, np.ndarray]], bool] | None = None,
    ) -> tuple[Answers, SessionFacts]:
        """Answers on one part, in the target's runtime with the options that ship.

        Args:
            subject: the recipe's, made before the turn on this machine is taken: it may wait.
            patience_s: after this, fewer samples than the part has are enough.
            enough: asked about the answers so far.

        Raises:
            StepFailed: the runner died, refused or took too long.
            DeviceFailed: it is the device that is not there.
        """
        log = self.access.log(f"run-{recipe.runtime}-{recipe.precision}")
        single = output_shapes(self.conversions.source)
        batch = recipe.batch
        feed = part.feed if batch == 1 else part.feed.in_batches(batch)
        shapes = (
            {name: (batch * s[0], *s[1:]) for name, s in single.items()} if batch > 1 else single
        )
        limit_s = self.conversions.limit_s
        try:
            answers, facts = answer(
                self.access.device, subject, feed, shapes, log, limit_s,
                patience_s=patience_s, enough=enough,
            )  # fmt: skip
        except RunnerFailed as error:
            self.access.require_device(error)
            raise StepFailed.ran(error, f"Its output is in {log}.") from error
        if batch > 1:  # of fewer samples than a batch some were asked twice
            n = len(part.feed)
            answers = {name: ungrouped(a, single[name])[:n] for name, a in answers.items()}
        return answers, facts

    def _require_sound_bases(self, recipe: Recipe) -> None:
        """Refuse what comes from a form that failed parity.

        Raises:
            StepFailed: one of them failed parity; says which, and why.
        """
        for how, base in bases_of(recipe, self.conversions, self.floats):
            try:
                self._marked(base)
            except StepFailed as error:
                if error.status != "failed-parity":
                    continue
                what = "whole model's " if recipe.compression and not base.compression else ""
                reason = f"{how} the {what}{base.precision} form, which failed: {error.reason}"
                raise StepFailed("failed-parity", reason, error.hint) from error

    def _compared(self, record: Record, recipe: Recipe, error: StepFailed) -> Record:
        """A record that failed parity, with how far its answers are, and what ran."""
        ran = self._reports.get(recipe.account_id)
        if ran is not None:
            ran = msgspec.structs.replace(ran, threads=recipe.threads)
        far = error.parity if isinstance(error, TooFar) else None
        return msgspec.structs.replace(record, parity=far, executed=ran)

    def _marked(self, recipe: Recipe) -> Marks:
        """Parity, score and drop of a session's answers: taken once.

        Raises:
            StepFailed: it does not answer, or not near enough to the source.
        """
        key = recipe.session_id
        if key not in self._marks:
            subject, host_lock = self.subject(recipe), self.access.host_lock
            try:
                with host_lock.working():
                    self._marks[key] = self._mark(recipe, subject)
            except StepFailed as error:
                self._marks[key] = error
            except BadInput as error:  # a metric that cannot be had of these answers
                self._marks[key] = StepFailed("failed-run", str(error.args[0]), error.hint)
        marks = self._marks[key]
        if isinstance(marks, StepFailed):
            raise marks
        return marks

    def _mark(self, recipe: Recipe, subject: Subject) -> Marks:
        subject = self._beside_others(subject)
        looks = Growing.of(self.choose, recipe) if self.growing and recipe.batch == 1 else None
        answers, facts = self.answers(recipe, subject, self.choose, PATIENCE_S, looks)
        near = self._parity(recipe, answers, facts)
        if looks and looks.far:  # not of what ran, which asks less: all samples, then
            looks = None
            answers, facts = self.answers(recipe, subject, self.choose, PATIENCE_S)
        self._accounts[recipe.account_id] = executed(recipe, facts)
        if self.choose.scoring.unscored:
            return Marks(near)
        score, drop = self.choose.marks(answers)
        decide = self.choose.scoring.slices_decide
        slices = self.choose.slices(answers) if decide else ()
        return Marks(near, score, drop, slices, looks.given_up if looks else None)

    def _beside_others(self, subject: Subject) -> Subject:
        """The subject with no more threads than conversions leave cores for.

        Threads change no answer (`Recipe.session_id`), and two that wait for each other by
        spinning take four times as long where others have the cores.
        """
        if not self.access.is_here:
            return subject
        free = max(1, sensors.cores() - (self.access.host_lock.at_work - 1))
        return replace(subject, threads=min(subject.threads, free))

    def _parity(self, recipe: Recipe, answers: Answers, facts: SessionFacts) -> Parity:
        """How near answers come to the source's, held to the arithmetic that ran.

        Raises:
            StepFailed: not as near as that precision promises.
        """
        self._reports[recipe.account_id] = account = executed(recipe, facts)
        precision = arithmetic.held_to(recipe.precision, account.instead)
        if recipe.compression:
            precision = COMPRESSED
        try:
            return self.choose.parity(precision, answers)
        except StepFailed as error:
            reason = "; ".join([*notes(recipe, account), error.reason])
            if isinstance(error, TooFar):
                raise TooFar(error.parity, reason, error.hint) from error
            raise StepFailed(error.status, reason, error.hint) from error

    def _account(self, recipe: Recipe) -> Executed:
        """What the session says of itself. Where only that is new, a few answers are enough.

        Raises:
            StepFailed: it does not open with these options, or answers otherwise.
        """
        key = recipe.account_id
        if key not in self._accounts:
            subject, host_lock = self.subject(recipe), self.access.host_lock
            try:
                with host_lock.working():
                    answers, facts = self.answers(recipe, subject, self.choose, 0.0)
                self._parity(recipe, answers, facts)
                self._accounts[key] = executed(recipe, facts)
            except StepFailed as error:
                self._accounts[key] = error
        account = self._accounts[key]
        if isinstance(account, StepFailed):
            raise account
        return account
