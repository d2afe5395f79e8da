"""Makes candidates: convert, hold against the source, score. A failure is a record."""

from __future__ import annotations

import contextlib
import math
import shutil
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from edgeopt import convert
from edgeopt.convert.job import Converted, Job
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.samples import Samples
from edgeopt.devices.device import Device
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput, EdgeoptError, StepFailed
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Executed, Parity, Record, Status, Step
from edgeopt.domain.score import Drop, Score
from edgeopt.harness.answer import answer
from edgeopt.harness.client import RunnerFailed
from edgeopt.harness.subject import Subject
from edgeopt.jobs import child
from edgeopt.pipeline.executed import combined_sha256, executed
from edgeopt.pipeline.judge import Exam, output_shapes, parity
from edgeopt.sources.source import Source, sha256_file
from edgeopt.store.run_folder import RunFolder

#: What is so slow that its scoring takes longer is scored on fewer samples; its n says so.
PATIENCE_S = 10.0


@dataclass(frozen=True)
class Marks:
    """What the answers of one session came to; threads do not change it."""

    parity: Parity
    score: Score
    drop: Drop
    executed: Executed


@dataclass
class Workshop:
    """Converts and scores recipes; each artifact and each session's score once."""

    source: Source
    calibration: Samples
    choose: Exam
    judge: Metric
    output: str
    max_drop: float
    folder: RunFolder
    device: Device
    timeout_s: float
    _calibration_files: dict[str, str] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _failures: dict[str, StepFailed] = field(default_factory=dict)
    _marks: dict[str, Marks | StepFailed] = field(default_factory=dict)

    def candidate(self, record: Record, recipe: Recipe) -> Record:
        """Convert and score one recipe: its blank record filled in, not yet measured."""
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
            step = "score"
            marks = self._marked(recipe, artifact)
        except StepFailed as error:
            if error.status == "failed-parity":
                step = "parity"
            return failed(record, step, error)
        return msgspec.structs.replace(
            record,
            parity=marks.parity,
            score=marks.score,
            drop=marks.drop,
            executed=msgspec.structs.replace(marks.executed, threads=recipe.threads),
        )

    def prepare(self, recipe: Recipe) -> None:
        """Make a recipe's artifact ahead of time; `artifact` tells what became of it."""
        with contextlib.suppress(StepFailed):
            self.artifact(recipe)

    def artifact(self, recipe: Recipe) -> Artifact:
        """The artifact of a recipe: made now, or earlier in this run's folder. Thread-safe.

        Raises:
            StepFailed: the conversion failed, now or before.
        """
        key = recipe.conversion_id
        with self._lock(key):
            if key in self._failures:
                raise self._failures[key]
            try:
                return self.folder.artifact(key) or self._convert(recipe)
            except StepFailed as error:
                self._failures[key] = error
                raise

    def _lock(self, key: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())

    def _convert(self, recipe: Recipe) -> Artifact:
        base = self._base(recipe)
        made = self.folder.work / "convert" / recipe.conversion_id
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        job = Job(
            recipe=recipe,
            source=self.source,
            calibration=self._calibration(),
            base=str(base) if base else None,
            folder=str(made),
        )
        log = self.folder.log(f"convert-{recipe.runtime}-{recipe.precision}")
        start = time.monotonic()
        try:
            reply = child.run(
                "edgeopt.convert.worker:make", msgspec.to_builtins(job), log, self.timeout_s
            )
        except child.ChildFailed as error:
            status = "timeout" if error.timed_out else "failed-convert"
            raise StepFailed(status, str(error.args[0]), error.hint) from error
        except EdgeoptError as error:
            raise StepFailed("failed-convert", str(error.args[0]), error.hint) from error
        converted = msgspec.convert(reply, Converted)
        artifact = self._describe(recipe, converted, made, time.monotonic() - start)
        self.folder.keep_artifact(artifact, made)
        return artifact

    def _base(self, recipe: Recipe) -> Path | None:
        """The artifact that a conversion starts from, made first where it is missing."""
        precision = convert.load(recipe.runtime).base(recipe.precision)
        if precision is None:
            return None
        try:
            base = self.artifact(Recipe(runtime=recipe.runtime, precision=precision))
        except StepFailed as error:
            raise StepFailed(
                "failed-convert", f"its {precision} form failed: {error.reason}", error.hint
            ) from error
        return self.folder.path / base.path

    def _describe(
        self, recipe: Recipe, converted: Converted, made: Path, seconds: float
    ) -> Artifact:
        files = {path.name: sha256_file(path) for path in sorted(made.iterdir())}
        place = self.folder.artifact_folder(recipe.conversion_id)
        return Artifact(
            recipe=recipe,
            path=str((place / converted.main).relative_to(self.folder.path)),
            files=files,
            sha256=combined_sha256(files),
            size_bytes=sum(path.stat().st_size for path in made.iterdir()),
            inputs=converted.inputs,
            outputs=converted.outputs,
            source_sha256=self.source.sha256,
            tools=converted.tools,
            convert_s=round(seconds, 3),
            notes=converted.notes,
        )

    def _calibration(self) -> dict[str, str]:
        """Calibration samples as files, written once."""
        with self._guard:
            self._write_calibration()
        return self._calibration_files

    def _write_calibration(self) -> None:
        if not self._calibration_files:
            folder = self.folder.work / "calibration"
            folder.mkdir(parents=True, exist_ok=True)
            for i, (name, array) in enumerate(self.calibration.inputs.items()):
                np.save(folder / f"{i}.npy", array)
                self._calibration_files[name] = str(folder / f"{i}.npy")

    def subject(self, recipe: Recipe, artifact: Artifact) -> Subject:
        """An artifact as something to run."""
        return Subject(
            key=recipe.id,
            title=str(recipe),
            runtime=recipe.runtime,
            path=self.folder.path / artifact.path,
            threads=recipe.threads,
            inputs=artifact.inputs,
            outputs=artifact.outputs,
            options=dict(recipe.options),
        )

    def _marked(self, recipe: Recipe, artifact: Artifact) -> Marks:
        key = recipe.session_id
        if key not in self._marks:
            try:
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
        close = parity(recipe.precision, answers, self.choose.source)
        score, drop = self.choose.marks(self.judge, answers, self.output, self.max_drop)
        return Marks(close, score, drop, executed(recipe, facts))

    def answers(
        self, recipe: Recipe, artifact: Artifact, exam: Exam, patience_s: float = math.inf
    ) -> tuple[dict[str, np.ndarray], dict[str, object]]:
        """Answers on one part, in the target's runtime with the options that ship.

        Args:
            patience_s: after this, fewer samples than the part has are enough.

        Raises:
            StepFailed: the runner died, refused or took too long.
        """
        log = self.folder.log(f"run-{recipe.runtime}-{recipe.precision}")
        shapes = output_shapes(self.source)
        subject = self.subject(recipe, artifact)
        try:
            return answer(
                self.device, subject, exam.feed, shapes, log, self.timeout_s, patience_s=patience_s
            )
        except RunnerFailed as error:
            status = "timeout" if error.timed_out else "failed-run"
            raise StepFailed(status, str(error.args[0]), f"Its output is in {log}.") from error


def blank(target: str, device: str, recipe: Recipe) -> Record:
    """The record of a recipe of which nothing is known yet."""
    return Record(
        target=target,
        device=device,
        runtime=recipe.runtime,
        precision=recipe.precision,
        recipe_id=recipe.id,
        recipe=recipe,
        status="ok",
        step=None,
    )


def failed(record: Record, step: Step, error: StepFailed) -> Record:
    """A record that ended at a step."""
    status: Status = error.status  # type: ignore[assignment]
    return msgspec.structs.replace(
        record, status=status, step=step, reason=error.reason, hint=error.hint
    )
