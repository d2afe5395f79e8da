"""Folders that are gone when their work ends, and what to say of a log in one of them.

All of them lie in one folder of this process, in the temporary folder of the system. Children get
it as theirs, so that what they leave behind goes with it. It is removed when the process ends, by
its guard where it is killed, and by the next edgeopt where the machine went down.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import stat
import tempfile
import threading
from pathlib import Path

from edgeopt.domain.errors import CannotWrite
from edgeopt.jobs.guarded import GUARD
from edgeopt.jobs.system import fcntl

PREFIX = "edgeopt-"
SCRATCH = "EDGEOPT_SCRATCH"
"""Set for children: the folder of the process that started them."""

_LOCK = ".lock"
_LINES = 6
_roots: dict[str, tuple[Path, int]] = {}
_turn = threading.Lock()


def folder(prefix: str = PREFIX) -> tempfile.TemporaryDirectory[str]:
    """A new folder, removed when its `with` ends.

    Raises:
        OSError: there is no room for it.
    """
    return tempfile.TemporaryDirectory(prefix=prefix, dir=root(), ignore_cleanup_errors=True)


def make(prefix: str = PREFIX) -> Path:
    """A new folder that the caller removes; at the latest it goes with this process."""
    return Path(tempfile.mkdtemp(prefix=prefix, dir=root()))


def environment() -> dict[str, str]:
    """What children are told, so that their temporary files lie in this process's folder."""
    return {"TMPDIR": str(root()), SCRATCH: str(root())}


def root() -> Path:
    """The folder of this process, made when first asked for; those of dead ones are removed then.

    Raises:
        OSError: there is no room for it.
        CannotWrite: no temporary folder takes a file.
        NotInstalled: the system has no locks.
    """
    try:
        temporary = tempfile.gettempdir()
    except FileNotFoundError as error:  # so Python tells that all it knows are full or read-only
        hint = "Make room in one of them, or name another folder with TMPDIR."
        raise CannotWrite(f"no temporary folder can be written: {error.strerror}.", hint) from None
    if os.environ.get(SCRATCH) == temporary:
        return Path(temporary)
    with _turn:
        if temporary not in _roots or not _roots[temporary][0].is_dir():
            sweep(Path(temporary))
            _roots[temporary] = _made(temporary)
        return _roots[temporary][0]


def _made(temporary: str) -> tuple[Path, int]:
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary))
    GUARD.keep("folder", str(made))
    # Locked before it has its name: whoever sweeps never finds one that is not held.
    lock = os.open(made / ".part", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    (made / ".part").rename(made / _LOCK)
    return made, lock


def sweep(temporary: Path) -> None:
    """Remove the folders of processes of this user that have ended."""
    flock = fcntl.flock
    for found in temporary.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            about = found.lstat()
            if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid():
                continue
            lock = os.open(found / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(found, ignore_errors=True)
            finally:
                os.close(lock)


def _remove() -> None:
    """At the end of this process."""
    for made, lock in _roots.values():
        shutil.rmtree(made, ignore_errors=True)
        GUARD.forget("folder", str(made))
        os.close(lock)
    _roots.clear()


def _forked() -> None:
    """A copy of this process has a folder of its own: the original's goes with the original."""
    global _turn
    _turn = threading.Lock()
    for _, lock in _roots.values():
        os.close(lock)
    _roots.clear()


atexit.register(_remove)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forked)


def is_scratch(path: Path) -> bool:
    """Whether a file lies in a temporary folder of edgeopt's, so that no user finds it."""
    root = Path(tempfile.gettempdir()).resolve()
    inside = path.resolve()
    if root not in inside.parents:
        return False
    return inside.relative_to(root).parts[0].startswith(PREFIX)


def output_in(log: Path, start: int = 0) -> str:
    """Where a process's output is, or its last lines where nobody could look there later.

    Args:
        start: byte of the log where that process began to write.
    """
    return last_lines(log, start) if is_scratch(log) else f"Its output is in {log}."


def last_lines(log: Path, start: int = 0) -> str:
    """The last lines of a log, as a hint; "" where nothing was written."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [line.rstrip()[:200] for line in text.splitlines() if line.strip()]
    return "\n    ".join(["It printed last:", *lines[-_LINES:]]) if lines else ""
