"""One call at a time writes to a run's folder: a lock that says who holds it.

The system's own lock (flock): it is let go when its holder ends, however it ends, and a copy that
a holder forked gives it back (PEP 446 keeps it from programs that are started). Where a file system
has no such locks, the file's own word counts: a process of this machine is looked for, one of
another machine cannot be, and the refusal says so.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import shlex
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.jobs.system import fcntl

NAME = ".lock"
_MOST_BYTES = 1 << 16  # of a lock's file; ours has some hundred
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_HELD: set[int] = set()


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock. `born`: in ticks of its machine: a number may be used again."""

    pid: int
    host: str
    command: str
    started: str
    born: str = ""

    def __str__(self) -> str:
        return f"`{self.command}` (process {self.pid} on {self.host}, since {self.started})"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder that is there; its file is gone afterwards.

    Raises:
        BadInput: another call holds it; says which.
        OSError: the lock's file cannot be written.
    """
    file = _taken(folder)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / NAME).unlink()  # while it is held: whoever waits for it looks again
        _HELD.discard(file)
        os.close(file)


def refuse_held(folder: Path) -> None:
    """Refuse a folder that another call is writing to, without a trace.

    Raises:
        BadInput: as `held`.
    """
    try:
        file = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:  # there is none
        return
    try:
        _lock(folder, file, fcntl.LOCK_SH)
    finally:
        os.close(file)


def is_held(folder: Path) -> bool:
    """Whether a call is writing to a folder, as far as that can be told."""
    try:
        refuse_held(folder)
    except BadInput:
        return True
    return False


def _taken(folder: Path) -> int:
    while True:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(folder / NAME, flags, 0o644)
        try:
            _lock(folder, file, fcntl.LOCK_EX)
            if _is_there(folder, file):
                os.ftruncate(file, 0)
                os.pwrite(file, msgspec.json.encode(_me()), 0)
                _HELD.add(file)
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # the one before us has removed it meanwhile


def _is_there(folder: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(folder / NAME), os.fstat(file))
    except FileNotFoundError:
        return False


def _lock(folder: Path, file: int, kind: int) -> None:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _refusal(folder, _read(file), "") from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        _by_word(folder, _read(file))


def _by_word(folder: Path, holder: Holder | None) -> None:
    """Where there are no locks: what the file says."""
    if holder is None:
        return
    if holder.host != socket.gethostname():
        raise _refusal(
            folder, holder, f" If that call has ended, remove {folder / NAME}: "
            "this file system has no locks, and from here it cannot be told."
        )  # fmt: skip
    if _born(holder.pid) == holder.born != "":
        raise _refusal(folder, holder, "")


def _refusal(folder: Path, holder: Holder | None, more: str) -> BadInput:
    who = str(holder) if holder else "another call"
    return BadInput(
        f"{folder} is being written by {who}.",
        f"Wait until it has ended: the same call then goes on, or answers from the folder. Or give "
        f"another folder with --out.{more}",
    )


def _read(file: int) -> Holder | None:
    try:
        return msgspec.json.decode(os.pread(file, _MOST_BYTES, 0), type=Holder)
    except (OSError, ValueError, RecursionError):  # its holder is about to write it
        return None


def _me() -> Holder:
    now = datetime.datetime.now().astimezone()
    return Holder(
        pid=os.getpid(),
        host=socket.gethostname(),
        command=shlex.join(sys.argv)[:500] or "Python",
        started=now.isoformat(timespec="seconds"),
        born=_born(os.getpid()),
    )


def _born(pid: int) -> str:
    """When a process began, "" where there is none of that number (or no /proc)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]


def _forked() -> None:
    """A copy of the holder lets its descriptors go: it may outlive the holder."""
    for file in _HELD:
        with contextlib.suppress(OSError):
            os.close(file)
    _HELD.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forked)
