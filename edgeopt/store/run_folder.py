"""A run's folder: request, records, artifacts, logs, report."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.domain.artifact import Artifact
from edgeopt.domain.errors import BadInput, DeviceFailed, EdgeoptError, NotInstalled
from edgeopt.domain.layers import LayerSensitivity
from edgeopt.domain.run import RUN_VERSION, Request, Run
from edgeopt.domain.target import Profile
from edgeopt.jobs import disk, on_disk
from edgeopt.store import artifact_files, atomic, leftovers, run_lock, sound, stored
from edgeopt.store.journal import Journal
from edgeopt.store.limits import Say, by_kind, differs_in_limits, under_other_limits
from edgeopt.store.out import check_writable, refuse_foreign
from edgeopt.store.same import as_asked_before

__all__ = ["RunFolder", "check_writable", "create", "locked", "read"]


_NO_RUN = "Give the --out of a run."
_NONE_YET = "A call began one and has not come so far: the same call again goes on with it."


class RunFolder:
    """The one place that knows where things lie in a run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.journal = Journal(self.path / "results.jsonl")
        self._whole: dict[str, tuple[object, Artifact]] = {}

    @property
    def begun(self) -> Path:
        """There from the start until run.json is: tells an interrupted start from others' files."""
        return self.path / leftovers.BEGUN

    @property
    def work(self) -> Path:
        """Scratch: sample files, intermediate forms. Removed when the run ends."""
        return self.path / leftovers.WORK

    @property
    def artifacts(self) -> Path:
        return self.path / "artifacts"

    @property
    def calibrated(self) -> Path:
        """What was found from the calibrating samples: ranges, and the noise of layers."""
        return self.path / "calibrated"

    def layer_sensitivity(self, conversion_id: str) -> LayerSensitivity | None:
        """The noise of layers of a form, None if it was not asked for (or cannot be read)."""
        try:
            text = (self.calibrated / f"layers-{conversion_id}.json").read_bytes()
            return msgspec.json.decode(text, type=LayerSensitivity)
        except (OSError, ValueError):
            return None

    def keep_layer_sensitivity(self, conversion_id: str, table: LayerSensitivity) -> None:
        """Keep the noise of layers of a form."""
        text = msgspec.json.format(msgspec.json.encode(table))
        self.calibrated.mkdir(parents=True, exist_ok=True)  # forms may all come from earlier runs
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
        """An artifact made earlier, None if there is none, or another by now."""
        try:
            return self.whole_artifact(conversion_id)
        except artifact_files.NotWhole:
            return None

    def whole_artifact(self, conversion_id: str) -> Artifact:
        """An artifact made earlier, its files compared with the SHA-256 that was kept of each.

        Raises:
            NotWhole: there is none, or its files are not what was made; says which.
        """
        folder = self.artifact_folder(conversion_id)
        seen = artifact_files.signature(folder)
        known = self._whole.get(conversion_id)
        if known is None or known[0] != seen:
            known = self._whole[conversion_id] = seen, artifact_files.read(self.path, folder)
        return known[1]

    def keep_artifact(self, artifact: Artifact, made: Path) -> None:
        """Move a finished conversion from `made` to its place."""
        folder = self.artifact_folder(artifact.recipe.conversion_id)
        atomic.write(made / "artifact.json", msgspec.json.format(msgspec.json.encode(artifact)))
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made.rename(folder)
        # Its files were just hashed: they are read again only where they change.
        seen = artifact_files.signature(folder)
        self._whole[artifact.recipe.conversion_id] = seen, artifact

    def write_run(self, run: Run) -> None:
        """Write run.json; the records are in the journal, the folder is where it lies."""
        stored = msgspec.structs.replace(run, records=(), folder="")
        atomic.write(self.path / "run.json", msgspec.json.format(msgspec.json.encode(stored)))
        self.begun.unlink(missing_ok=True)

    def clear_work(self) -> None:
        """Remove scratch, and what a call that was killed left half done."""
        leftovers.clear(self.path)

    def decide_anew(self, earlier: Run, request: Request, scored: bool, say: Say = by_kind) -> Run:
        """Make the folder one of a request that differs in its limits alone.

        What was decided goes; artifacts, schedules and what calibration came to stay.

        Args:
            scored: the records still hold as far as they do not depend on the limits.
            say: words for why they have no latency.
        """
        again = msgspec.structs.replace(earlier, request=request, state="running", choices=())
        lines = self.journal.history() if scored else []
        self.write_run(again)
        self.journal.replace(under_other_limits(lines, request.constraints, say))
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
                leftovers.discard(self.path)
            raise


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a run's folder, made if it is not there: one call at a time writes to it.

    One that was made here and is empty in the end is removed. What a call that was killed left
    half done in a run's folder is removed as soon as the lock is held.

    Raises:
        BadInput: it cannot be written, or another call holds it.
        CannotWrite: there is no room.
    """
    folder = path.resolve()
    made = not folder.exists()
    with contextlib.ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if made:
                stack.callback(_remove_empty, folder)
            stack.enter_context(run_lock.held(folder))
            leftovers.sweep(folder)
        except OSError as error:
            raise _cannot_write(path, error) from None
        yield


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _cannot_write(path: Path, error: OSError) -> EdgeoptError:
    why = f"{path} cannot be written: {error.strerror}."
    return disk.told(error) or BadInput(why, "Give another folder with --out.")


def create(
    path: Path,
    request: Request,
    environment: Mapping[str, Any] | None = None,
    say: Say = by_kind,
) -> tuple[RunFolder, Run | None]:
    """The folder for a request: new, or the same request's own, to go on with.

    One that differs in its limits alone is decided anew from what was found.

    Args:
        environment: as a `Run` keeps it: scores of another one are not taken for other limits.
        say: words for why a candidate that other limits made has no latency.

    Returns:
        The folder, and what was stored there by the same request, or None.

    Raises:
        BadInput: it cannot be written, or holds something else.
    """
    folder = RunFolder(path)
    stored.require_kinds(folder.path, request.targets)
    earlier = _stored(folder.path / "run.json")
    if earlier is not None:
        request = as_asked_before(earlier.request, request)
    if earlier is not None and differs_in_limits(earlier.request, request):
        scored = _same_tools(earlier.environment, environment or earlier.environment)
        return folder, folder.decide_anew(earlier, request, scored, say)
    if earlier is not None and earlier.request != request:
        raise BadInput(
            f"{path} holds another run (of {earlier.request.source}).",
            "Give another folder with --out, or remove that one.",
        )
    if path.exists() and not path.is_dir():
        raise BadInput(f"{path} is a file, not a folder.", "Give a folder with --out.")
    refuse_foreign(path)
    try:
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.begun.touch()
        folder.artifacts.mkdir(exist_ok=True)
        (folder.path / "logs").mkdir(exist_ok=True)
        if earlier is not None:
            folder.begun.unlink()
    except OSError as error:
        if earlier is not None:
            folder.begun.unlink(missing_ok=True)
        raise _cannot_write(path, error) from None
    return folder, earlier


def _same_tools(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether answers of then are those of now: the same versions on the same machine."""
    machines = [env.get("machine", {}).get("id") for env in (earlier, now)]
    names = ("edgeopt", "python", "packages")
    return machines[0] == machines[1] and all(earlier.get(n) == now.get(n) for n in names)


def read(path: Path) -> Run:
    """A stored run with its records.

    Raises:
        BadInput: there is none.
    """
    try:
        folder = RunFolder(path)
    except FileNotFoundError:  # of the current folder, which is gone
        raise
    except (OSError, RuntimeError, ValueError):  # links in a circle; a NUL in it
        raise BadInput(f"{on_disk.shown(path)} leads nowhere.", _NO_RUN) from None
    stored.require_kinds(folder.path)
    run = _stored(folder.path / "run.json")
    if run is None:
        missing = "run.json" if os.path.exists(folder.path) else "such folder"
        why = f"holds no run: there is no {missing}"
        begun = os.path.exists(folder.begun)
        raise BadInput(f"{on_disk.shown(path)} {why}.", _NONE_YET if begun else _NO_RUN)
    records = tuple(folder.journal.records())
    sound.require(path, run, records)
    return msgspec.structs.replace(run, folder=str(folder.path), records=records)


def _stored(path: Path) -> Run | None:
    if not os.path.lexists(path):
        return None
    run = stored.value(path, Run, "run")
    if run.v > RUN_VERSION:
        raise BadInput(
            f"{path} is not a run that this version of edgeopt reads: its format {run.v} is newer "
            f"than {RUN_VERSION}",
            stored.HINT,
        )
    return run


def profiles(folder: Path) -> dict[str, Profile]:
    """The profiles that a run was made with, by target; none while it goes on.

    Raises:
        BadInput: a file there is no profile.
    """
    found = sorted((folder / "targets").glob("*.json"))
    return {path.stem: stored.value(path, Profile, "profile") for path in found}
