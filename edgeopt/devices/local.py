"""This machine. The runner is a process beside the host."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

import edgeopt
from edgeopt.devices import drain
from edgeopt.devices.this_disk import ThisDisk
from edgeopt.jobs.child import QUIET_ENVIRONMENT, describe_exit


class Local(ThisDisk):
    """See `device.Device`.

    Args:
        python: the interpreter of the environment that holds the runtimes.
    """

    name = "local"
    link = "local"
    lost = ""
    kind: Literal["measured", "emulated"] = "measured"

    def __init__(self, python: str = sys.executable) -> None:
        self._python = python
        self._scratch: Path | None = None

    def folder(self) -> str:
        if self._scratch is None:
            self._scratch = Path(tempfile.mkdtemp(prefix="edgeopt-local-"))
        return str(self._scratch)

    def start_runner(self, stderr: Path) -> subprocess.Popen[Any]:
        root = str(Path(edgeopt.__file__).parent.parent)
        inherited = os.environ.get("PYTHONPATH")
        paths = [root, inherited] if inherited else [root]
        process = subprocess.Popen(
            [self._python, "-m", "edgeopt.runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **QUIET_ENVIRONMENT, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
        return drain.follow(process, stderr)

    def explain(self, code: int) -> str:
        return describe_exit(code)

    def close(self) -> None:
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None
