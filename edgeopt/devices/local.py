"""This machine. The runner is a process beside the host."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from edgeopt.devices import runner_start
from edgeopt.devices.forks import Forks
from edgeopt.devices.this_disk import ThisDisk
from edgeopt.jobs import interpreter, scratch
from edgeopt.jobs.child import QUIET_ENVIRONMENT, describe_exit
from edgeopt.jobs.process import Process


class Local(ThisDisk):
    """See `device.Device`.

    Args:
        python: the interpreter of the environment that holds the runtimes.

    Attributes:
        forks: where runners are forked from; None: another interpreter starts each.
    """

    name = "local"
    link = "local"
    lost = ""
    kind: Literal["measured", "emulated"] = "measured"
    times, answers, needs_preparing = True, True, False

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python
        self._scratch: Path | None = None
        self.forks = Forks() if python == sys.executable else None

    def folder(self) -> str:
        if self._scratch is None:
            self._scratch = scratch.make("edgeopt-local-")
        return str(self._scratch)

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        told = {**QUIET_ENVIRONMENT, **scratch.environment()}
        return Process(
            [self._python, *runner_start.ARGUMENTS],
            stderr,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**interpreter.environment(), **told},
        )

    def explain(self, code: int) -> str:
        return describe_exit(code)

    def close(self) -> None:
        if self.forks:
            self.forks.renew()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None
