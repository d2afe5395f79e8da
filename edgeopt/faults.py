"""What a command ends with where something was raised that no room foresaw."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import sys
import tempfile
import traceback
from pathlib import Path

from edgeopt.domain.errors import BadInput, EdgeoptError, OwnFault, RunnerFailed
from edgeopt.jobs import disk
from edgeopt.jobs.cache import cache
from edgeopt.runtimes.origin import PACKAGE, library, own_place

_REFUSED = {errno.EACCES, errno.EPERM}
_ODD = {errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EISDIR}
_MACHINE = {errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.ESTALE}
_HINTS = {
    **dict.fromkeys(_REFUSED, "Choose a folder that you may write in, or change its permissions."),
    **dict.fromkeys(_ODD, "Give another path."),
    **dict.fromkeys(_MACHINE, "This machine is at a limit, or a disk of it fails: see its log."),
}  # fmt: skip
_KEPT = 20


def told(error: Exception, command: str, doing: str) -> EdgeoptError:
    """The error to end with, for any exception that reached the command line.

    Args:
        doing: what progress said last, or "".
    """
    if isinstance(error, RunnerFailed) and error.own:
        error = OwnFault(str(error.args[0])).with_traceback(error.__traceback__)
    if isinstance(error, EdgeoptError) and not isinstance(error, OwnFault):
        return error
    full = disk.told(error)
    if full is not None:
        full.hint = f"{full.hint}\n{_at(command, doing)}"
        return full
    if isinstance(error, OSError) and error.errno in _HINTS:
        named = _named(error)
        said = f"{named}: {error.strerror}." if named else f"{error.strerror}."
        where = "" if named else f"\n{_at(command, doing)}"
        return BadInput(said, f"{_HINTS[error.errno]}{where}")
    if isinstance(error, FileNotFoundError) and _is_gone():
        return BadInput("the current folder is gone.", "Change into one that exists.")
    if isinstance(error, MemoryError):
        return BadInput("edgeopt itself needed more memory than it could get.", _at(command, doing))
    fault = error if isinstance(error, OwnFault) else OwnFault.at(_what(error), _place(error))
    fault.hint = "\n".join([fault.hint, f"{_at(command, doing)}; {_kept(error)}"])
    return fault


def _at(command: str, doing: str) -> str:
    said = f', at "{doing}"' if doing else ""
    return f"It happened in `{command}`{said}"


def _what(error: Exception) -> str:
    failed = library(error)
    said = f"{type(error).__name__}: {error}"[:400]
    return f"{said}, in {failed}" if failed else said


def _place(error: Exception) -> str:
    """Where it arose in this package, or the last line there that called what raised it."""
    frames = [Path(f.filename) for f in traceback.extract_tb(error.__traceback__)]
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__)]
    inside = [
        f"{path.relative_to(PACKAGE).as_posix()}:{line}"
        for path, line in zip(frames, lines, strict=True)
        if PACKAGE in path.parents
    ]
    return own_place(error) or next(reversed(inside), "cli.py")


def _is_gone() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _named(error: OSError) -> str:
    """The file that the system refused; "" where it is not known."""
    what = error.filename2 or error.filename
    return os.fsdecode(what) if isinstance(what, str | bytes) else ""


def _kept(error: Exception) -> str:
    """Where the traceback is, for who reports it."""
    text = "".join(traceback.format_exception(error))
    for place in (lambda: cache() / "faults", lambda: Path(tempfile.gettempdir())):
        with contextlib.suppress(OSError, RuntimeError):
            return f"its traceback is in {_write(place(), text)}"
    return "`edgeopt --debug ...` shows its traceback"


def _write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"edgeopt-{datetime.datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    path.write_text(f"edgeopt {' '.join(map(repr, sys.argv[1:]))}\n\n{text}", "utf-8", "replace")
    for old in sorted(folder.glob("edgeopt-????????-??????-*.txt"))[:-_KEPT]:
        with contextlib.suppress(OSError):
            old.unlink()
    return path
