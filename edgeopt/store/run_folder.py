"""A run's folder: request, records, artifacts, logs, report."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput, DeviceFailed, NotInstalled
from edgeopt.domain.layers import NoiseTable
from edgeopt.domain.run import RUN_VERSION, Request, Run
from edgeopt.jobs import on_disk
from edgeopt.store import atomic
from edgeopt.store.journal import Journal
from edgeopt.store.limits import differs_in_limits, under_other_limits


class RunFolder:
    """The one place that knows where things lie in a run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.journal = Journal(self.path / "results.jsonl")

    @property
    def begun(self) -> Path:
        """There from the start until run.json is: tells an interrupted start from others' files."""
        return self.path / ".begun"

    @property
    def work(self) -> Path:
        """Scratch: sample files, intermediate forms. Removed when the run ends."""
        return self.path / "work"

    @property
    def artifacts(self) -> Path:
        return self.path / "artifacts"

    @property
    def calibrated(self) -> Path:
        """What was found from the calibrating samples: ranges, and the noise of layers."""
        return self.path / "calibrated"

    def noise_table(self, conversion_id: str) -> NoiseTable | None:
        """The noise of layers of a form, None if it was not asked for (or cannot be read)."""
        try:
            text = (self.calibrated / f"layers-{conversion_id}.json").read_bytes()
            return msgspec.json.decode(text, type=NoiseTable)
        except (OSError, ValueError):
            return None

    def keep_noise_table(self, conversion_id: str, table: NoiseTable) -> None:
        """Keep the noise of layers of a form."""
        text = msgspec.json.format(msgspec.json.encode(table))
        atomic.write(self.calibrated / f"layers-{conversion_id}.json", text)

    @property
    def stages(self) -> Path:
        """Compressed forms of the source, by the identity of their chain."""
        return self.path / "stages"

    def log(self, name: str) -> Path:
        """A log file by name."""
        return self.path / "logs" / f"{name}.log"

    def artifact_folder(self, conversion_id: str) -> Path:
        return self.artifacts / conversion_id

    def artifact(self, conversion_id: str) -> Artifact | None:
        """An artifact made earlier, None if there is none (or its files are gone)."""
        folder = self.artifact_folder(conversion_id)
        try:
            artifact = msgspec.json.decode((folder / "artifact.json").read_bytes(), type=Artifact)
        except (OSError, ValueError):
            return None
        return artifact if all((folder / name).exists() for name in artifact.files) else None

    def keep_artifact(self, artifact: Artifact, made: Path) -> None:
        """Move a finished conversion from `made` to its place."""
        folder = self.artifact_folder(artifact.recipe.conversion_id)
        atomic.write(made / "artifact.json", msgspec.json.format(msgspec.json.encode(artifact)))
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made.rename(folder)

    def write_run(self, run: Run) -> None:
        """Write run.json; the records are in the journal, the folder is where it lies."""
        stored = msgspec.structs.replace(run, records=(), folder="")
        atomic.write(self.path / "run.json", msgspec.json.format(msgspec.json.encode(stored)))
        self.begun.unlink(missing_ok=True)

    def clear_work(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)

    def decide_anew(self, earlier: Run, request: Request, scored: bool) -> Run:
        """Make the folder one of a request that differs in its limits alone.

        What was decided goes; artifacts, schedules and what calibration came to stay.

        Args:
            scored: the records still hold as far as they do not depend on the limits.
        """
        again = msgspec.structs.replace(earlier, request=request, state="running", choices=())
        lines = self.journal.history() if scored else []
        self.write_run(again)
        self.journal.replace(under_other_limits(lines, request.constraints))
        (self.path / "report.html").unlink(missing_ok=True)
        for target in request.targets:
            if (self.path / target / "manifest.json").exists():
                shutil.rmtree(self.path / target)
        return again

    @contextlib.contextmanager
    def discarded_if_refused(self) -> Iterator[None]:
        """Leave no folder behind where bad input, or a device out of reach, shows only now."""
        try:
            yield
        except (BadInput, NotInstalled, DeviceFailed):
            if not (self.path / "run.json").exists():
                shutil.rmtree(self.path, ignore_errors=True)
            raise


def create(
    path: Path, request: Request, environment: Mapping[str, Any] | None = None
) -> tuple[RunFolder, Run | None]:
    """The folder for a request: new, or the same request's own, to go on with.

    One that differs in its limits alone is decided anew from what was found.

    Args:
        environment: as a `Run` keeps it: scores of another one are not taken for other limits.

    Returns:
        The folder, and what was stored there by the same request, or None.

    Raises:
        BadInput: it cannot be written, or holds something else.
    """
    folder = RunFolder(path)
    earlier = _stored(folder.path / "run.json")
    if earlier is not None and differs_in_limits(earlier.request, request):
        scored = _same_tools(earlier.environment, environment or earlier.environment)
        return folder, folder.decide_anew(earlier, request, scored)
    if earlier is not None and earlier.request != request:
        raise BadInput(
            f"{path} holds another run (of {earlier.request.source}).",
            "Give another folder with --out, or remove that one.",
        )
    if path.exists() and not path.is_dir():
        raise BadInput(f"{path} is a file, not a folder.", "Give a folder with --out.")
    if earlier is None and not folder.begun.exists() and path.exists() and any(path.iterdir()):
        raise BadInput(
            f"{path} is not empty and holds no run.", "Give a new or an empty folder with --out."
        )
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.begun.touch()
        folder.artifacts.mkdir(exist_ok=True)
        (folder.path / "logs").mkdir(exist_ok=True)
        if earlier is not None:
            folder.begun.unlink()
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror}.", "Give another folder with --out."
        ) from None
    return folder, earlier


def _same_tools(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether answers of then are those of now: the same versions on the same machine."""
    machines = [env.get("machine", {}).get("id") for env in (earlier, now)]
    names = ("edgeopt", "python", "packages")
    return machines[0] == machines[1] and all(earlier.get(n) == now.get(n) for n in names)


def check_writable(path: Path) -> None:
    """Refuse an output folder early, before anything slow is done, without creating it.

    Raises:
        BadInput: it cannot be created or written.
    """
    import os

    there = path.resolve()
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise BadInput(
            f"{path} cannot be written: {there} is not a writable folder.",
            "Give another folder with --out.",
        )


def read(path: Path) -> Run:
    """A stored run with its records.

    Raises:
        BadInput: there is none.
    """
    on_disk.kind(path)
    folder = RunFolder(path)
    run = _stored(folder.path / "run.json")
    if run is None:
        raise BadInput(f"{path} holds no run: there is no run.json.", "Give the --out of a run.")
    return msgspec.structs.replace(
        run, folder=str(folder.path), records=tuple(folder.journal.records())
    )


def _stored(path: Path) -> Run | None:
    if not path.is_file():
        return None
    try:
        run = msgspec.json.decode(path.read_bytes(), type=Run)
        if run.v > RUN_VERSION:
            raise ValueError(f"its format {run.v} is newer than {RUN_VERSION}")
    except ValueError as error:  # msgspec's errors are of this kind, and Unicode's
        raise BadInput(
            f"{path} is not a run that this version of edgeopt reads: {error}",
            "It may be of another version; give another folder with --out.",
        ) from None
    return run
