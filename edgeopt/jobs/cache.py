"""The user's cache: what is made or fetched once, and a lock so that one process does it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def cache() -> Path:
    """The user's cache: $EDGEOPT_CACHE, else $XDG_CACHE_HOME/edgeopt, else ~/.cache/edgeopt."""
    root = os.environ.get("EDGEOPT_CACHE")
    if root:
        return Path(root)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeopt"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of what is made at `path`; others wait, and get it also if its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
