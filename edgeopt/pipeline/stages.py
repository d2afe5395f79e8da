"""Compressed forms of a run's source: each chain of stages is made once, in a child process.

Every stage's program, its ONNX form and its training curve stay in the run's folder.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.compress import worker
from edgeopt.datasets import pixels
from edgeopt.datasets.samples import Samples
from edgeopt.domain.compression import Chain, QuantizationAware, Recover, words
from edgeopt.domain.errors import CannotWrite, EdgeoptError, StepFailed
from edgeopt.domain.model import Value, content_id
from edgeopt.domain.progress import Listener
from edgeopt.domain.task import TaskFacts
from edgeopt.jobs import child
from edgeopt.pipeline.host_lock import HostLock
from edgeopt.runtimes import exported
from edgeopt.sources.source import Source, sha256_file
from edgeopt.store import artifact_files, atomic, old_stages
from edgeopt.store.run_folder import RunFolder

#: A training may take long, and says how long; --step-timeout is for conversions.
TRAINING_LIMIT_S = 6 * 3600.0
LOOK_S = 1.0

REGRESSION = "regression"


class StoredStage(Value, kw_only=True, frozen=True):
    """A stage's `stage.json`."""

    chain: Chain
    derived: worker.Derived
    files: dict[str, str] = {}  # noqa: RUF012 (msgspec copies it)


@dataclass
class Stages:
    """Makes the sources that recipes with a compression are converted from. Thread-safe.

    Args:
        samples: those that train.
        output: the name of the output that is scored.
        task: what all outputs are judged by; None: a metric of that output.
        tensorboard: where trainings write their curves for it, too; None: nowhere.
    """

    source: Source
    samples: Samples
    output: str
    folder: RunFolder
    timeout_s: float
    host_lock: HostLock
    progress: Listener
    tensorboard: Path | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    task: TaskFacts | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _failures: dict[str, StepFailed] = field(default_factory=dict)
    _files: list[str] = field(default_factory=list)
    _known: dict[str, worker.Derived] = field(default_factory=dict)

    def derived(self, chain: Chain) -> worker.Derived:
        """What the last stage of a chain made; the ones before it first.

        Raises:
            StepFailed: a stage failed, now or before.
        """
        return self._once(chain, onnx=True)

    def _once(self, chain: Chain, onnx: bool) -> worker.Derived:
        """A stage made now or before, with its ONNX form where that is wanted."""
        key = content_id(chain)
        with self._lock:
            if key in self._failures:
                raise self._failures[key]
            derived = self._kept(chain)
            if derived is not None and not (onnx and derived.onnx_waits):
                return derived
            try:
                return self._make(chain, onnx)
            except StepFailed as error:
                self._failures[key] = error
                raise

    def source_of(self, chain: Chain) -> Source:
        """The source as a chain leaves it. An empty chain leaves it alone.

        Raises:
            StepFailed: a stage failed, now or before.
        """
        return self._source(chain, onnx=True)

    def _source(self, chain: Chain, onnx: bool) -> Source:
        if not chain:
            return self.source
        derived = self._once(chain, onnx)
        place = self._place(chain)
        return msgspec.structs.replace(
            self.source,
            exported=str(place / derived.exported),
            onnx=str(place / derived.onnx) if derived.onnx else None,
            onnx_reason=derived.onnx_reason,
            operators=derived.operators or self.source.operators,
        )

    def curve(self, chain: Chain) -> str | None:
        """The training's file, relative to the run's folder."""
        stage = self._kept(chain)
        if stage is None or stage.curve is None:
            return None
        return str((self._place(chain) / stage.curve).relative_to(self.folder.path))

    def _place(self, chain: Chain) -> Path:
        return self.folder.stages / content_id(chain)

    def _kept(self, chain: Chain) -> worker.Derived | None:
        """A stage that is done: its description is written last."""
        key = content_id(chain)
        if key in self._known:
            return self._known[key]
        try:
            text = (self._place(chain) / "stage.json").read_bytes()
            stage = msgspec.json.decode(text, type=StoredStage)
            artifact_files.require_files(self.folder.path, self._place(chain), stage.files)
            _require_data(self._place(chain), stage.derived)
        except (OSError, ValueError, artifact_files.NotWhole):
            return None  # it is made again
        self._known[key] = old_stages.with_value(stage.derived)
        return self._known[key]

    def _make(self, chain: Chain, onnx: bool) -> worker.Derived:
        before = self._source(chain[:-1], onnx=False)
        place = self._place(chain)
        place.mkdir(parents=True, exist_ok=True)
        inputs, labels = self._training_files()
        job = worker.StageJob(
            stage=chain[-1],
            source=before,
            teacher=str(self.source.exported),
            samples=inputs,
            labels=labels,
            output=[spec.name for spec in self.source.outputs].index(self.output),
            classifier=self.task is None,
            folder=str(place),
            events=self._events(chain),
            onnx=onnx,
        )
        trains = isinstance(chain[-1], Recover | QuantizationAware)
        what = f"{'training' if trains else 'compressing'} {' '.join(words(chain))}".strip()
        self.progress(what)
        limit_s = TRAINING_LIMIT_S if trains else self.timeout_s
        with self.host_lock.working(), self._followed(place / worker.PROGRESS, what):
            reply = self._in_child(job, limit_s)
        derived = msgspec.convert(_relative(reply, place), worker.Derived)
        names = [name for name in (derived.exported, derived.onnx) if name]
        files = {name: sha256_file(place / name) for name in names}
        stage = StoredStage(chain=chain, derived=derived, files=files)
        atomic.write(place / "stage.json", msgspec.json.format(msgspec.json.encode(stage)))
        self._known[content_id(chain)] = derived
        return derived

    def _events(self, chain: Chain) -> str | None:
        """A folder that TensorBoard shows by its name: what was done, and which chain it is."""
        if self.tensorboard is None:
            return None
        return str(self.tensorboard / "-".join((*words(chain), content_id(chain)[:6])))

    def _in_child(self, job: worker.StageJob, limit_s: float) -> dict[str, object]:
        name = type(job.stage).__name__.lower()
        log = self.folder.log(f"compress-{name}")
        try:
            reply: dict[str, object] = child.run(
                "edgeopt.compress.worker:make", msgspec.to_builtins(job), log, limit_s, self.stop
            )
            return reply
        except CannotWrite:
            raise
        except child.ChildFailed as error:
            status = "timeout" if error.timed_out else "failed-convert"
            raise StepFailed(status, f"{name}: {error.args[0]}", error.hint) from error
        except EdgeoptError as error:
            raise StepFailed("failed-convert", f"{name}: {error.args[0]}", error.hint) from error

    @contextlib.contextmanager
    def _followed(self, path: Path, what: str) -> Iterator[None]:
        """While it lasts, tell how far a training is."""
        over = threading.Event()

        def follow() -> None:
            last = -1
            while not over.wait(LOOK_S):
                with contextlib.suppress(OSError, ValueError, KeyError):
                    now = json.loads(path.read_text())
                    if now["done"] != last:
                        last = now["done"]
                        self.progress(f"{what}: {now['what']}", last, now["total"])

        thread = threading.Thread(target=self._quietly, args=(follow,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _quietly(self, follow: object) -> None:
        with contextlib.suppress(Exception):  # a listener that refuses ends the telling alone
            follow()  # type: ignore[operator]

    @property
    def _labels_train(self) -> bool:
        """Whether labels are values to come near to. What else judges a task is no such thing."""
        return self.task is None or self.task.name == REGRESSION

    def _training_files(self) -> tuple[tuple[str, ...], str | None]:
        """The samples that train as files, written once."""
        folder = self.folder.work / "train"
        if not self._files:
            folder.mkdir(parents=True, exist_ok=True)
            for i, spec in enumerate(self.source.inputs):
                pixels.save(folder / f"{i}.npy", self.samples.inputs[spec.name])
                self._files.append(str(folder / f"{i}.npy"))
            if self.samples.labels is not None and self._labels_train:
                np.save(folder / "labels.npy", self.samples.labels)
        labels = folder / "labels.npy"
        return tuple(self._files), str(labels) if labels.exists() else None


def _require_data(place: Path, derived: worker.Derived) -> None:
    """A stage's program is data, and lies beside its description, whoever wrote both.

    Raises:
        ValueError: it is or does neither.
    """
    for name in (derived.exported, derived.onnx or derived.exported):
        if Path(name).name != name:
            raise ValueError(name)
    exported.check(str(place / derived.exported))


def _relative(reply: dict[str, object], place: Path) -> dict[str, object]:
    """Paths as names in the stage's folder, so that a run's folder can be moved."""
    return {
        key: Path(str(value)).name if key in ("exported", "onnx") and value else value
        for key, value in reply.items()
    }
