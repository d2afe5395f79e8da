"""The artifacts of one run: each is converted once, on the host, for all its devices."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from edgeopt import convert
from edgeopt.convert.job import Converted, Job
from edgeopt.convert.ranking import Ranking
from edgeopt.datasets.samples import Samples
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import CannotWrite, EdgeoptError, StepFailed
from edgeopt.domain.layers import LayerSensitivity
from edgeopt.domain.model import content_id
from edgeopt.domain.recipe import Recipe
from edgeopt.jobs import child
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.pipeline.stages import Stages
from edgeopt.runner import sensors
from edgeopt.sources.source import Source, combined_sha256, sha256_file
from edgeopt.store.run_folder import RunFolder

AHEAD = min(2, sensors.cores())
"""Conversions that run side by side: each has its own copy of the model in memory."""

RANKED_WITH = 16
"""Calibrating samples that rank layers: each answers for about 40 forms."""

RANKED_FROM = 8
"""Fewer tell more of themselves than of the layers."""

RANKING_LIMIT = 2
"""Steps' time limits that a ranking may take: it makes and asks about 40 forms."""


@dataclass
class Conversions:
    """Converts recipes, each content once. Thread-safe.

    Attributes:
        stop: ends what is being made, when it is set.
    """

    source: Source
    calibration: Samples
    folder: RunFolder
    timeout_s: float
    host_lock: HostLock
    stages: Stages | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    _calibration_files: dict[str, str] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _failures: dict[str, StepFailed | CannotWrite] = field(default_factory=dict)
    _prepared: dict[str, Future[None]] = field(default_factory=dict)
    # Ahead of the candidate that is scored; most converters keep one core busy.
    _ahead: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AHEAD))

    def prepare(self, recipe: Recipe) -> Future[None]:
        """Make a recipe's artifact ahead of time; `artifact` tells what became of it."""
        key = recipe.conversion_id
        with self._guard:  # once: another for the same content would hold a thread and wait
            if key not in self._prepared:
                self._prepared[key] = self._ahead.submit(self._quietly, recipe)
            return self._prepared[key]

    def close(self) -> None:
        """Begin nothing more, end what is being made, and wait for that."""
        self.stop.set()
        self._ahead.shutdown(cancel_futures=True)

    def _quietly(self, recipe: Recipe) -> None:
        with contextlib.suppress(StepFailed, CannotWrite, OSError):  # `artifact` tells again
            with self.host_lock.working():  # one that is there is hashed: not beside a measurement
                self.folder.artifact(recipe.conversion_id)
            self.artifact(recipe)

    def artifact(self, recipe: Recipe) -> Artifact:
        """The artifact of a recipe: made now, or earlier in this run's folder.

        Raises:
            StepFailed: the conversion failed, now or before.
            CannotWrite: a disk is full.
        """
        key = recipe.conversion_id
        with self._lock(key):
            if key in self._failures:
                raise self._failures[key]
            try:
                return self.folder.artifact(key) or self._convert(recipe)
            except (StepFailed, CannotWrite) as error:
                self._failures[key] = error
                raise

    def path(self, artifact: Artifact) -> Path:
        """The file that a session opens."""
        return self.folder.path / artifact.path

    def _lock(self, key: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())

    def _convert(self, recipe: Recipe) -> Artifact:
        folder = self.folder.work / "convert" / recipe.conversion_id
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        job = self.job(recipe, folder)
        start = time.monotonic()
        with self.host_lock.working():
            converted = self._in_child(job, recipe)
            artifact = self._describe(recipe, converted, folder, time.monotonic() - start)
        self.folder.keep_artifact(artifact, folder)
        return artifact

    def job(self, recipe: Recipe, folder: Path) -> Job:
        """What a recipe's conversion is given, to write into `made`."""
        source, base = self._source(recipe), self._base(recipe)
        # Ranges are of one form of the source: a compressed one has its own.
        chain_id = content_id(recipe.compression) if recipe.compression else ""
        cache = self.folder.calibrated / chain_id
        cache.mkdir(parents=True, exist_ok=True)
        return Job(
            recipe=recipe,
            source=source,
            calibration=self._calibration(),
            base=str(base) if base else None,
            folder=str(folder),
            cache=str(cache),
            limit_s=self.timeout_s,
        )

    def sensitivity(self, recipe: Recipe, output: str) -> LayerSensitivity:
        """What each group of a recipe's operators adds to an output's noise; kept in the folder.

        Raises:
            StepFailed: the layers cannot be ranked; says why.
        """
        known = self.folder.layer_sensitivity(recipe.conversion_id)
        if known is not None:
            return known
        if len(self.calibration) < RANKED_FROM:
            raise StepFailed(
                "failed-run",
                f"{len(self.calibration)} calibrating samples are too few to rank layers by "
                f"({RANKED_FROM} at least)",
                "Give more data, or more samples with --calibration.",
            )
        log = self.folder.log(f"rank-{recipe.runtime}")
        ranking = Ranking(
            job=self.job(recipe, self.folder.work),
            output=output,
            samples=RANKED_WITH,
            threads=sensors.cores(),
        )
        try:
            with self.host_lock.working():
                reply = child.run(
                    "edgeopt.convert.ranking:rank",
                    msgspec.to_builtins(ranking),
                    log,
                    RANKING_LIMIT * self.timeout_s,
                    self.stop,
                )
        except CannotWrite:
            raise
        except EdgeoptError as error:
            raise StepFailed("failed-run", str(error.args[0]), error.hint) from error
        table = msgspec.convert(reply, LayerSensitivity)
        self.folder.keep_layer_sensitivity(recipe.conversion_id, table)
        return table

    def _in_child(self, job: Job, recipe: Recipe) -> Converted:
        # One of its own: what a child last said is the cause of its end.
        title = f"convert-{recipe.runtime}-{recipe.precision}-{recipe.conversion_id}"
        log = self.folder.log(title)
        try:
            reply = child.run(
                "edgeopt.convert.worker:make",
                msgspec.to_builtins(job),
                log,
                self.timeout_s,
                self.stop,
            )
        except CannotWrite:
            raise
        except child.ChildFailed as error:
            status = "timeout" if error.timed_out else "failed-convert"
            raise StepFailed(status, str(error.args[0]), error.hint) from error
        except EdgeoptError as error:
            raise StepFailed("failed-convert", str(error.args[0]), error.hint) from error
        return msgspec.convert(reply, Converted)

    def _source(self, recipe: Recipe) -> Source:
        """What a recipe is converted from: the source, or a compressed form of it."""
        if not recipe.compression:
            return self.source
        assert self.stages is not None, "only a run that compresses has such recipes"
        return self.stages.source_of(recipe.compression)

    def bases(self, recipe: Recipe) -> tuple[Recipe, ...]:
        """What a recipe's artifact is made from, the nearest first; () where it is the source."""
        precision = convert.load(recipe.runtime).base(recipe.precision)
        if precision is None:
            return ()
        base = Recipe(runtime=recipe.runtime, precision=precision, compression=recipe.compression)
        return (base, *self.bases(base))

    def _base(self, recipe: Recipe) -> Path | None:
        """The artifact that a conversion starts from, made first where it is missing."""
        bases = self.bases(recipe)
        if not bases:
            return None
        try:
            base = self.artifact(bases[0])
        except StepFailed as error:
            raise StepFailed(
                "failed-convert",
                f"its {bases[0].precision} form failed: {error.reason}",
                error.hint,
            ) from error
        return self.path(base)

    def _describe(
        self, recipe: Recipe, converted: Converted, folder: Path, seconds: float
    ) -> Artifact:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {path.relative_to(folder).as_posix(): sha256_file(path) for path in paths}
        place = self.folder.artifact_folder(recipe.conversion_id)
        return Artifact(
            recipe=recipe,
            path=str((place / converted.main).relative_to(self.folder.path)),
            files=files,
            sha256=combined_sha256(sorted(files.items())),
            size_bytes=sum(path.stat().st_size for path in paths),
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
            if not self._calibration_files:
                folder = self.folder.work / "calibration"
                folder.mkdir(parents=True, exist_ok=True)
                for i, (name, array) in enumerate(self.calibration.inputs.items()):
                    np.save(folder / f"{i}.npy", array)
                    self._calibration_files[name] = str(folder / f"{i}.npy")
        return self._calibration_files
