"""The real runner with a runtime of the tests: NAME_runtime.py in this folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from edgeopt.devices.local import Local

HERE = Path(__file__).parent
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from edgeopt import runtimes
from edgeopt.runner.__main__ import main
runtimes.RUNTIMES[sys.argv[2]] = sys.argv[2] + "_runtime"
sys.exit(main())
"""


class With(Local):
    """This machine with one more runtime."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def start_runner(self, stderr: Path) -> subprocess.Popen:
        with stderr.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(HERE), self._name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={"PYTHONPATH": str(HERE.parents[1])},
                start_new_session=True,
            )
