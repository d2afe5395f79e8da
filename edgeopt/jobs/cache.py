"""The user's cache: what is made or fetched once, and a lock so that one process does it."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from edgeopt.domain.errors import CannotWrite
from edgeopt.jobs.system import fcntl


def cache() -> Path:
    """The user's cache: $EDGEOPT_CACHE, else $XDG_CACHE_HOME/edgeopt, else ~/.cache/edgeopt."""
    root = os.environ.get("EDGEOPT_CACHE")
    if root:
        return Path(root)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeopt"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of what is made at `path`; others wait, and get it also if its holder dies.

    Raises:
        CannotWrite: this user may not write there, or it is no folder.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.with_name(f"{path.name}.lock").open("w")
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise CannotWrite(
            f"the cache {path.parent} cannot be written: {error.strerror}.",
            "Tools are kept there that are made once. EDGEOPT_CACHE names another folder.",
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """A fresh folder that takes the place of `folder` when the context ends well; under `locked`.

    What was left of an attempt that was interrupted goes first: nothing of it is built upon.
    """
    for left in folder.parent.glob(f".{glob.escape(folder.name)}*.part"):
        shutil.rmtree(left, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        yield made
        made.chmod(0o755)
        made.replace(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
