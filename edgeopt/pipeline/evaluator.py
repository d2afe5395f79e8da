"""Makes candidates on one device: hold against the source there, score. A failure is a record."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edgeopt import runtimes
from edgeopt.datasets.metric import Metric
from edgeopt.devices.device import Device
from edgeopt.devices.registry import LOCAL
from edgeopt.domain import arithmetic
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.effects import Slices
from edgeopt.domain.errors import BadInput, DeviceFailed, StepFailed
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Executed, Parity, Record, Step
from edgeopt.domain.score import Drop, Score
from edgeopt.harness.answer import answer
from edgeopt.harness.client import SHORT_S, Client, RunnerFailed
from edgeopt.harness.subject import Subject
from edgeopt.pipeline import diagnosis
from edgeopt.pipeline.bases import require_sound_bases
from edgeopt.pipeline.conversions import Conversions
from edgeopt.pipeline.evaluation_set import EvaluationSet, output_shapes
from edgeopt.pipeline.parity_check import COMPRESSED, TooFar, parity
from edgeopt.pipeline.record_ends import failed, made_only
from edgeopt.pipeline.session_account import executed, notes
from edgeopt.sources.source import Source
from edgeopt.store.run_folder import RunFolder

#: What is so slow that its scoring takes longer is scored on fewer samples; its n says so.
PATIENCE_S = 10.0


@dataclass(frozen=True)
class Marks:
    """What the answers of one session came to; threads and cores do not change it."""

    parity: Parity
    score: Score
    drop: Drop
    slices: tuple[Slices, ...] = ()


@dataclass
class Evaluator:
    """Answers and scores recipes on one device; each session's score once.

    Attributes:
        absent: runtime that is not there -> why; another one answers for its recipes.
        machine: what the device says of itself; {} where it says nothing.
        floats: runtime -> its fp32 recipe, where the target has one.
    """

    conversions: Conversions
    choose: EvaluationSet
    judge: Metric
    output: str
    max_drop: float
    device: Device
    slice_by: tuple[str, ...] = ()
    max_slice_drop: float | None = None
    absent: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    floats: dict[str, Recipe] = field(default_factory=dict)
    _marks: dict[str, Marks | StepFailed] = field(default_factory=dict)
    _accounts: dict[str, Executed | StepFailed] = field(default_factory=dict)
    _reports: dict[str, Executed] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return self.conversions.source

    @property
    def folder(self) -> RunFolder:
        return self.conversions.folder

    @property
    def timeout_s(self) -> float:
        return self.conversions.timeout_s

    def artifact(self, recipe: Recipe) -> Artifact:
        """See `Conversions.artifact`."""
        return self.conversions.artifact(recipe)

    def log(self, name: str) -> Path:
        """A log of this device's own."""
        if self.device.link == LOCAL:
            return self.folder.log(name)
        return self.folder.log(f"{re.sub('[^A-Za-z0-9._-]+', '-', self.device.name)}-{name}")

    @contextlib.contextmanager
    def measuring(self) -> Iterator[None]:
        """On this machine nothing else is done meanwhile; another device is by itself.

        Raises:
            DeviceFailed: the device was lost, whatever came of the measurement.
        """
        here = self.device.link == LOCAL
        with self.conversions.turns.alone() if here else contextlib.nullcontext():
            try:
                yield
            except RunnerFailed as error:
                self.require_device(error)
                raise
        self.require_device()

    def require_device(self, error: RunnerFailed | None = None) -> None:
        """Tell a device that was lost from an artifact that failed: nothing is kept of that.

        Raises:
            DeviceFailed: it cannot be reached, cannot take what it is given, or was lost.
        """
        if isinstance(error, DeviceFailed):
            raise error
        if self.device.lost:
            raise DeviceFailed(self.device.lost)
        if error is not None and error.timed_out:
            self.require_answer()

    def require_answer(self) -> None:
        """Before an artifact is blamed for a time-out: DeviceFailed where no runner answers."""
        if self.device.link != LOCAL and self.device.kind == "measured":
            try:
                with Client(self.device, self.log("runner")) as client:
                    client.request("hello", SHORT_S)
            except RunnerFailed as error:
                raise DeviceFailed(
                    f"{self.device.name} does not answer: {error.args[0]}"
                ) from error

    def candidate(self, record: Record, recipe: Recipe) -> Record:
        """Convert and score one recipe: its blank record filled in, not yet measured.

        Raises:
            DeviceFailed: the device is not there; that says nothing of the recipe.
        """
        step: Step = "convert"
        try:
            artifact = self.artifact(recipe)
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
            require_sound_bases(self, recipe)
            marks = self.marked(recipe, artifact)
            account = self._account(recipe, artifact)
        except StepFailed as error:
            if error.status == "failed-parity":
                step = "parity"
                record = self._compared(record, recipe, error)
                error = diagnosis.named(self.conversions, recipe, self.choose.samples, error)
            return failed(record, step, error)
        return msgspec.structs.replace(
            record,
            parity=marks.parity,
            score=marks.score,
            drop=marks.drop,
            slices=marks.slices,
            executed=msgspec.structs.replace(account, threads=recipe.threads),
            notes=(*record.notes, *notes(recipe, account)),
        )

    def _compared(self, record: Record, recipe: Recipe, error: StepFailed) -> Record:
        """A record that failed parity, with how far its answers are, and what ran."""
        ran = self._reports.get(recipe.account_id)
        if ran is not None:
            ran = msgspec.structs.replace(ran, threads=recipe.threads)
        far = error.parity if isinstance(error, TooFar) else None
        return msgspec.structs.replace(record, parity=far, executed=ran)

    def subject(self, recipe: Recipe, artifact: Artifact) -> Subject:
        """An artifact as something to run."""
        subject = Subject.of(recipe, artifact, self.conversions.path(artifact))
        if recipe.runtime not in self.absent:
            return subject
        return replace(subject, runtime=runtimes.spec(recipe.runtime).stand_in, options={})

    def marked(self, recipe: Recipe, artifact: Artifact) -> Marks:
        """Parity, score and drop of a session's answers: taken once.

        Raises:
            StepFailed: it does not answer, or not near enough to the source.
        """
        key = recipe.session_id
        if key not in self._marks:
            try:
                with self.conversions.turns.working():
                    self._marks[key] = self._mark(recipe, artifact)
            except StepFailed as error:
                self._marks[key] = error
            except BadInput as error:  # a metric that cannot be had of these answers
                self._marks[key] = StepFailed("failed-run", str(error.args[0]), error.hint)
        marks = self._marks[key]
        if isinstance(marks, StepFailed):
            raise marks
        return marks

    def _mark(self, recipe: Recipe, artifact: Artifact) -> Marks:
        answers, facts = self.answers(recipe, artifact, self.choose, PATIENCE_S)
        close = self._parity(recipe, answers, facts)
        self._accounts[recipe.account_id] = executed(recipe, facts)
        score, drop = self.choose.marks(self.judge, answers, self.output, self.max_drop)
        effects: tuple[Slices, ...] = ()
        if self.max_slice_drop is not None:
            effects = self.slices(self.choose, answers)
        return Marks(close, score, drop, effects)

    def _parity(
        self, recipe: Recipe, answers: dict[str, np.ndarray], facts: dict[str, object]
    ) -> Parity:
        """How near answers come to the source's, held to the arithmetic that ran.

        Raises:
            StepFailed: not as near as that precision promises.
        """
        self._reports[recipe.account_id] = account = executed(recipe, facts)
        precision = arithmetic.held_to(recipe.precision, account.instead)
        if recipe.compression:
            precision = COMPRESSED
        try:
            return parity(precision, answers, self.choose.source, self.choose.divisions)
        except StepFailed as error:
            reason = "; ".join([*notes(recipe, account), error.reason])
            if isinstance(error, TooFar):
                raise TooFar(error.parity, reason, error.hint) from error
            raise StepFailed(error.status, reason, error.hint) from error

    def slices(self, exam: EvaluationSet, answers: dict[str, np.ndarray]) -> tuple[Slices, ...]:
        """The effect on each slice of a part.

        Raises:
            StepFailed: the answers cannot be scored.
        """
        allowed = self.max_drop if self.max_slice_drop is None else self.max_slice_drop
        return exam.slices(self.judge, answers, self.output, self.slice_by, allowed)

    def _account(self, recipe: Recipe, artifact: Artifact) -> Executed:
        """What the session says of itself. Where only that is new, a few answers are enough.

        Raises:
            StepFailed: it does not open with these options, or answers otherwise.
        """
        key = recipe.account_id
        if key not in self._accounts:
            try:
                with self.conversions.turns.working():
                    answers, facts = self.answers(recipe, artifact, self.choose, 0.0)
                self._parity(recipe, answers, facts)
                self._accounts[key] = executed(recipe, facts)
            except StepFailed as error:
                self._accounts[key] = error
        account = self._accounts[key]
        if isinstance(account, StepFailed):
            raise account
        return account

    def answers(
        self, recipe: Recipe, artifact: Artifact, exam: EvaluationSet, patience_s: float = math.inf
    ) -> tuple[dict[str, np.ndarray], dict[str, object]]:
        """Answers on one part, in the target's runtime with the options that ship.

        Args:
            patience_s: after this, fewer samples than the part has are enough.

        Raises:
            StepFailed: the runner died, refused or took too long.
            DeviceFailed: it is the device that is not there.
        """
        log = self.log(f"run-{recipe.runtime}-{recipe.precision}")
        shapes = output_shapes(self.source)
        subject = self.subject(recipe, artifact)
        try:
            return answer(
                self.device, subject, exam.feed, shapes, log, self.timeout_s, patience_s=patience_s
            )
        except RunnerFailed as error:
            self.require_device(error)
            status = "timeout" if error.timed_out else "failed-run"
            hint = error.hint or f"Its output is in {log}."
            raise StepFailed(status, str(error.args[0]), hint) from error
