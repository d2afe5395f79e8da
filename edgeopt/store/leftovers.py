"""What a call that was killed, or refused, leaves in a run's folder, and how it is removed."""

from __future__ import annotations

import shutil
from pathlib import Path

from edgeopt.jobs import scratch
from edgeopt.store import run_lock

BEGUN, RUN, WORK = ".begun", "run.json", "work"


def sweep(folder: Path) -> None:
    """Remove what a killed call left half done, whoever's folder it is; call it under the lock.

    Raises:
        OSError: it cannot be removed.
    """
    if (folder / BEGUN).exists() or (folder / RUN).exists():
        clear(folder)


def clear(folder: Path) -> None:
    """Remove scratch and half-made files of a run's folder.

    Raises:
        OSError: a file cannot be removed.
    """
    shutil.rmtree(folder / WORK, ignore_errors=True)
    half_made = (folder / "calibrated").rglob(f"{scratch.PREFIX}*")
    for left in (*half_made, *folder.rglob(".*.part")):
        _remove(left)


def discard(folder: Path) -> None:
    """Remove a run's folder.

    What tells that it is a run's goes last: one that is killed here leaves no folder of others.
    """
    for entry in folder.iterdir():
        if entry.name not in (BEGUN, run_lock.NAME):
            _remove(entry)
    shutil.rmtree(folder, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
