"""One call of edgeopt in a fork of this process, or in a new one, watched from here."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
#: Of all processes of a call together, MiB: what takes more is ended, for the machine's sake.
STOP_MIB = 6000
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: orphans of a call come to this process
_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_SAID = 200_000


def environment(place: Path) -> dict[str, str]:
    """Everything that a call may write to lies below `place`, and is looked at afterwards."""
    home = place / "home"
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "EDGEOPT_CACHE": str(home / "edgeopt"),
        "EDGEOPT_CONFIG": str(home / "own"),
        "TMPDIR": str(place / "tmp"),
        "COLUMNS": "100",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def adopt() -> None:
    """Orphans of calls become children of this process, which ends with the one that began it."""
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)
    ctypes.CDLL(None).prctl(_WITH_PARENT, signal.SIGKILL)


def call(words: Sequence[str], place: Path, limit_s: float, whole: bool) -> dict[str, Any]:
    """Call the command in `place`/work.

    Args:
        whole: in a new process: `words` is its whole argv. Else they are the command line's.

    Returns:
        code, said, seconds, peak_mib, left: as in `judge.Deed`.
    """
    began = time.monotonic()
    said = place / "said"
    pid = os.fork()
    if not pid:
        _become(words, place, said, whole)
    status, usage, peak = _wait(pid, began + limit_s)
    seconds = time.monotonic() - began
    left = _end_orphans()
    with said.open("rb") as file:
        text = file.read(_SAID).decode(errors="backslashreplace")
    code = None if status is None else os.waitstatus_to_exitcode(status)
    peak = max(peak, usage.ru_maxrss / 1024 if usage else 0.0)
    return {"code": code, "said": text, "seconds": seconds, "peak_mib": peak, "left": left}


def _become(words: Sequence[str], place: Path, said: Path, whole: bool) -> None:
    """In the fork: be the command."""
    code = 70
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(_WITH_PARENT, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 30, 2 << 30))
        output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for at, to in ((null, 0), (output, 1), (output, 2)):
            os.dup2(at, to)
        os.closerange(3, 64)
        os.environ.update(environment(place))
        os.chdir(place / "work")
        if whole:
            os.execv(words[0], list(words))
        code = _command(words)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _command(words: Sequence[str]) -> int:
    """The `edgeopt` command, as its entry point has it."""
    import tempfile

    from edgeopt.cli import main

    tempfile.tempdir = None  # TMPDIR is another one now
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (streams of this process, to its end)
    sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.argv = ["edgeopt", *words]
    sys.dont_write_bytecode = True  # PYTHONDONTWRITEBYTECODE is read at the start of a process only
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    return 0


def _wait(pid: int, deadline: float) -> tuple[int | None, Any, float]:
    """(status, usage, peak MiB of all its processes together); no status where it took too long."""
    peak, pause, looked = 0.0, 0.005, 0.0
    while True:
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            return status, usage, 0.0
        now = time.monotonic()
        if now - looked > 0.5:
            looked, together = now, sum(_resident_mib(one) for one in family(pid))
            peak = max(peak, together)
        if now > deadline or peak > STOP_MIB:
            for one in family(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            _, status, usage = os.wait4(pid, 0)
            return (None if now > deadline else status), usage, peak
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found, new = [pid], [pid]
    while new:
        try:
            text = Path(f"/proc/{new[0]}/task/{new[0]}/children").read_text()
        except OSError:
            text = ""
        new = [*new[1:], *map(int, text.split())]
        found += map(int, text.split())
    return found


def _resident_mib(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / (1 << 20)


def _is_adb_server(pid: int) -> bool:
    """adb's own server, which any call of `adb` starts and leaves."""
    try:
        return b"fork-server" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _end_orphans() -> int:
    """End what the call left running, all of which is a child of this process now."""
    deadline, running = time.monotonic() + 2.0, 0
    while True:
        try:
            found, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return running
        if not found and time.monotonic() < deadline:
            time.sleep(0.02)  # what is on its way to its end is no fault
        elif not found:
            for pid in family(os.getpid())[1:]:
                running += not _is_adb_server(pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            deadline = time.monotonic() + 60.0
