"""A process that ends with edgeopt, and all it started with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from edgeopt.jobs.guarded import GUARD
from edgeopt.jobs.log import Log


class Leader(Protocol):
    """A process that leads a session of its own."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


class Process(subprocess.Popen[Any]):
    """Leads a session of its own; what it prints as errors goes into a log.

    When it has ended, or edgeopt has, what it started ends too.

    Args:
        log: what comes on its stderr is appended there.
        options: as of `Popen`; stdout=subprocess.STDOUT means the log, too.
    """

    def __init__(self, argv: Sequence[str], log: Path, **options: Any) -> None:
        self._log, self._over = Log(log), False
        if options.get("stdout") == subprocess.STDOUT:
            options["stdout"] = self._log.end
        try:
            super().__init__(argv, stderr=self._log.end, start_new_session=True, **options)
        finally:
            self._log.started()
        GUARD.keep("group", self.pid)

    def poll(self) -> int | None:
        """As of `Popen`; where it has ended, as `wait`."""
        code = super().poll()
        if code is not None:
            self._end_rest()
        return code

    def wait(self, timeout: float | None = None) -> int:
        """As of `Popen`; then the rest of its group has ended, and the log is whole."""
        code = super().wait(timeout)
        self._end_rest()
        return code

    def _end_rest(self) -> None:
        """At once when its end is known: later its number may be another process's."""
        if self._over:
            return
        self._over = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._log.finish()
        GUARD.forget("group", self.pid)


def captured(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a program of a few words to its end; it ends with edgeopt, and all it started."""
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    GUARD.keep("group", process.pid)
    try:
        out, err = process.communicate()
    finally:
        kill_group(process)
        GUARD.forget("group", process.pid)
    return subprocess.CompletedProcess(argv, process.returncode, out, err)


def kill_group(process: Leader) -> None:
    """End a process started in a session of its own, and all it started."""
    if not isinstance(process, Process) or process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
