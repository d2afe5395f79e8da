"""Where a run may be written: looked at before anything slow is done, and without a trace."""

from __future__ import annotations

import os
from pathlib import Path

from edgeopt.domain.errors import BadInput
from edgeopt.jobs import disk, on_disk
from edgeopt.store import run_lock

_HINT = "Give another folder with --out."
_DEEPEST = 160  # characters of the longest path below a run's folder, and some


def check_writable(path: Path) -> None:
    """Refuse an output folder early, before anything slow is done, without creating it.

    Raises:
        BadInput: it cannot be created or written.
    """
    there = _standing(path)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        kind = "read-only" if disk.is_read_only(there) else "not a writable folder"
        raise BadInput(f"{path} cannot be written: {there} is {kind}.", _HINT)


def check_free(path: Path) -> None:
    """The same for the folder of a run: also one that is no run's, or is being written.

    Raises:
        BadInput: as `check_writable`; it holds something else; another call holds it.
    """
    check_writable(path)
    if path.exists() and not path.is_dir():
        raise BadInput(f"{path} is a file, not a folder.", "Give a folder with --out.")
    _require_short(path)
    run_lock.refuse_held(path)
    refuse_foreign(path)


def refuse_foreign(path: Path) -> None:
    """Refuse a folder with files that are no run's.

    Raises:
        BadInput: there are such.
    """
    if not path.is_dir() or (path / "run.json").exists() or (path / ".begun").exists():
        return
    if any(file.name != run_lock.NAME for file in path.iterdir()):
        raise BadInput(
            f"{path} is not empty and holds no run.", "Give a new or an empty folder with --out."
        )


def is_begun(path: Path) -> bool:
    """Whether it holds a run, whatever became of that; False where no such path can be."""
    return os.path.exists(path / "run.json")


def _standing(path: Path) -> Path:
    """The nearest part of a path that is there.

    Raises:
        BadInput: no such path can be.
    """
    try:
        there = path.resolve()
        while not there.exists():
            there = there.parent
    except RuntimeError:  # so pathlib tells a loop, before Python 3.13
        why = "its links lead in a circle"
        raise BadInput(f"{on_disk.shown(path)} cannot be written: {why}.", _HINT) from None
    except (OSError, ValueError) as error:  # too long, not allowed; a NUL in it
        why = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"{on_disk.shown(path)} cannot be written: {why}.", _HINT) from None
    return there


def _require_short(path: Path) -> None:
    """Refuse names that the file system does not take, and leave room for what lies below."""
    there = _standing(path)
    full = path.resolve()
    longest = max((len(os.fsencode(part)) for part in full.parts), default=0)
    names, paths = os.pathconf(there, "PC_NAME_MAX"), os.pathconf(there, "PC_PATH_MAX")
    shown = on_disk.shown(path)
    if longest > names:
        raise BadInput(
            f"{shown} cannot be written: a name in it has {longest} bytes, "
            f"and {there} takes {names}.",
            _HINT,
        )
    if len(os.fsencode(full)) + _DEEPEST > paths:
        raise BadInput(
            f"{shown} cannot be written: the path has {len(os.fsencode(full)):,} bytes; "
            f"with what a run writes below it {paths:,} would be passed.",
            _HINT,
        )
