"""The artifacts of one run: each is converted once, on the host, for all its devices."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from edgeopt import convert
from edgeopt.convert.job import Converted, Job
from edgeopt.convert.ranking import Ranking
from edgeopt.datasets import pixels
from edgeopt.datasets.samples import Samples
from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import CannotWrite, EdgeoptError, StepFailed
from edgeopt.domain.layers import LayerSensitivity
from edgeopt.domain.model import content_id
from edgeopt.domain.recipe import Recipe
from edgeopt.harness.feed import grouped
from edgeopt.jobs import child, warm
from edgeopt.pipeline.clock import Clock
from edgeopt.pipeline.earlier_results import EarlierResults
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.pipeline.stages import Stages
from edgeopt.runner import sensors
from edgeopt.sources.source import Source, combined_sha256, sha256_file
from edgeopt.store.run_folder import RunFolder

AHEAD = min(2, sensors.cores())
"""Conversions that run side by side: each has its own copy of the model in memory."""

LEAST_S = 5.0
"""A step has so many seconds even where the call's time is over."""

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
        results: what earlier runs made.
        stop: ends what is being made, when it is set.
        batched: batch -> the source that takes so many samples at once.
        clock: of the call; None: only `timeout_s` ends what is made.
    """

    source: Source
    calibration: Samples
    folder: RunFolder
    timeout_s: float
    host_lock: HostLock
    results: EarlierResults
    stages: Stages | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    batched: Mapping[int, Source] = field(default_factory=dict)
    clock: Clock | None = None
    _calibration_files: dict[int, dict[str, str]] = field(default_factory=dict)
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

    @property
    def limit_s(self) -> float:
        """Seconds that one step may take now: no more than is left of the call's time."""
        left_s = self.clock.left_s() if self.clock else self.timeout_s
        return min(self.timeout_s, max(LEAST_S, left_s))

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
        known = self.results.artifact(recipe, folder)
        if known is not None:
            self.folder.keep_artifact(known, folder)
            return known
        job = self.job(recipe, folder)
        start = time.monotonic()
        with self.host_lock.working():
            converted = self._in_child(job, recipe)
            artifact = self._describe(recipe, converted, folder, time.monotonic() - start)
        self.folder.keep_artifact(artifact, folder)
        place = self.folder.artifact_folder(recipe.conversion_id)
        self.results.keep_artifact(artifact, place)
        return artifact

    def job(self, recipe: Recipe, folder: Path) -> Job:
        """What a recipe's conversion is given, to write into `made`."""
        source, base = self.source_of(recipe), self._base(recipe)
        # Ranges are of one form of the source: a compressed one has its own.
        chain_id = content_id(recipe.compression) if recipe.compression else ""
        if recipe.batch > 1:
            chain_id = f"batch-{recipe.batch}"
        cache = self.folder.calibrated / chain_id
        cache.mkdir(parents=True, exist_ok=True)
        return Job(
            recipe=recipe,
            source=source,
            calibration=self._calibration(recipe.batch),
            base=str(base) if base else None,
            folder=str(folder),
            cache=str(cache),
            limit_s=self.limit_s,
        )

    def sensitivity(self, recipe: Recipe, output: str) -> LayerSensitivity:
        """What each group of a recipe's operators adds to an output's noise; kept in the folder.

        Raises:
            StepFailed: the layers cannot be ranked; says why.
        """
        known = self.folder.layer_sensitivity(recipe.conversion_id)
        if known is None and (known := self.results.layers(recipe, output)) is not None:
            self.folder.keep_layer_sensitivity(recipe.conversion_id, known)
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
                    RANKING_LIMIT * self.limit_s,
                    self.stop,
                )
        except CannotWrite:
            raise
        except EdgeoptError as error:
            raise StepFailed("failed-run", str(error.args[0]), error.hint) from error
        table = msgspec.convert(reply, LayerSensitivity)
        self.folder.keep_layer_sensitivity(recipe.conversion_id, table)
        self.results.keep_layers(recipe, output, table)
        return table

    def _in_child(self, job: Job, recipe: Recipe) -> Converted:
        # One of its own: what a child last said is the cause of its end.
        title = f"convert-{recipe.runtime}-{recipe.precision}-{recipe.conversion_id}"
        log = self.folder.log(title)
        work = "edgeopt.convert.worker:make", msgspec.to_builtins(job)
        warm.settle(self.stop)
        try:
            reply = child.run(*work, log, self.limit_s, self.stop)
        except CannotWrite:
            raise
        except child.ChildFailed as error:
            status = "timeout" if error.timed_out else "failed-convert"
            raise StepFailed(status, str(error.args[0]), error.hint) from error
        except EdgeoptError as error:
            raise StepFailed("failed-convert", str(error.args[0]), error.hint) from error
        return msgspec.convert(reply, Converted)

    def source_of(self, recipe: Recipe) -> Source:
        """What a recipe is converted from: the source, or a compressed form of it."""
        if recipe.batch > 1:
            return self.batched[recipe.batch]
        if not recipe.compression:
            return self.source
        assert self.stages is not None, "only a run that compresses has such recipes"
        return self.stages.source_of(recipe.compression)

    def bases(self, recipe: Recipe) -> tuple[Recipe, ...]:
        """What a recipe's artifact is made from, the nearest first; () where it is the source."""
        precision = convert.load(recipe.runtime).base(recipe.precision)
        if precision is None:
            return ()
        base = Recipe(
            runtime=recipe.runtime,
            precision=precision,
            compression=recipe.compression,
            batch=recipe.batch,
        )
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

    def _calibration(self, batch: int) -> dict[str, str]:
        """Calibration samples as files, so many at once, written once."""
        with self._guard:
            if batch not in self._calibration_files:
                folder = self.folder.work / "calibration" / str(batch)
                folder.mkdir(parents=True, exist_ok=True)
                files = self._calibration_files[batch] = {}
                for i, (name, array) in enumerate(self.calibration.inputs.items()):
                    taken = array if batch == 1 else grouped(array, batch)
                    pixels.save(folder / f"{i}.npy", taken)
                    files[name] = str(folder / f"{i}.npy")
        return self._calibration_files[batch]
