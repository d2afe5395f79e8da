"""What must not outlive this process, told to its guard (`guard.py`).

The guard is started when there is something to tell for the first time. It sleeps in a read of a
pipe whose other end only this process has: even where this one is killed, it gets to know.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

_PROGRAM = Path(__file__).with_name("guard.py")
_PATIENCE_S = 5.0  # for it to remove what is left, when this process ends in order


class Guard:
    """The guard of this process. Thread-safe."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._kept: dict[tuple[str, int | str], None] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self, what: str, which: int | str) -> None:
        """Tell of what is there: a "group" (its leader's process id) or a "folder" (its path).

        Or of a "command" (its words as JSON) that is run when the rest has ended.
        """
        with self._turn:
            self._kept[what, which] = None
            self._tell(f"{what} {json.dumps(which)}\n")

    def forget(self, what: str, which: int | str) -> None:
        """Tell that it is gone."""
        with self._turn:
            if (what, which) in self._kept:
                del self._kept[what, which]
                self._tell(f"-{what} {json.dumps(which)}\n")

    def _tell(self, line: str) -> None:
        if self._process is not None and self._write(self._process, line):
            return
        with contextlib.suppress(OSError):  # without it the rest ends as its parent does
            self._process = self._start()
            for what, which in self._kept:
                self._write(self._process, f"{what} {json.dumps(which)}\n")

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        # Isolated and without site packages: nothing of a current folder is imported.
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            bufsize=0,
            start_new_session=True,
        )

    @staticmethod
    def _write(process: subprocess.Popen[bytes], line: str) -> bool:
        assert process.stdin is not None
        try:
            process.stdin.write(line.encode())
        except (OSError, ValueError):
            return False
        return True

    def close(self) -> None:
        """Let it end what is left, and wait for that."""
        with self._turn:
            process, self._process = self._process, None
            self._kept.clear()
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                process.stdin.close()
                process.wait(_PATIENCE_S)

    def forked(self) -> None:
        """In a copy of this process: its end of the pipe is not the original's."""
        process, self._process = self._process, None
        self._turn, self._kept = threading.Lock(), {}
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.returncode = 0  # no child of the copy's


GUARD = Guard()
atexit.register(GUARD.close)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=GUARD.forked)
