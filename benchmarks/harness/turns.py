"""Two processes that run in turn: one of them at a time, the other stopped."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgeopt.jobs import interpreter

TURN_S = 0.1
#: All turns of one call together; the tools here take seconds.
LIMIT_TURNS = 3000
MOST_BYTES = 1 << 20


@dataclass
class _Process:
    popen: subprocess.Popen
    out: IO[bytes]
    err: IO[bytes]

    def turn(self) -> None:
        """Let it run for `TURN_S`, or to its end."""
        _send(self.popen.pid, signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(TURN_S)
        if self.alive:
            _send(self.popen.pid, signal.SIGSTOP)

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def said(self, file: IO[bytes]) -> str:
        # not file.read(): the process writes where this end of the file stands
        return os.pread(file.fileno(), MOST_BYTES, 0).decode()


def run(first: list[str], second: list[str], ready: str, rng: random.Random) -> tuple[str, str]:
    """What two commands print.

    The first runs alone until it has printed `ready`; then both share the time in turns of
    `TURN_S`, in random order.

    Raises:
        SystemExit: one of them failed, or they took more than `LIMIT_TURNS`.
    """
    with _started(first) as one:
        for _ in range(LIMIT_TURNS):
            if ready in one.said(one.out) or not one.alive:
                break
            one.turn()
        with _started(second) as two:
            _in_turn([one, two], rng)
            for process in (one, two):
                if process.popen.returncode:
                    raise SystemExit(f"a tool failed: {process.said(process.err)[-500:]}")
            return one.said(one.out), two.said(two.out)


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[_Process]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        there = interpreter.environment()
        process = _Process(subprocess.Popen(command, stdout=out, stderr=err, env=there), out, err)
        _send(process.popen.pid, signal.SIGSTOP)
        try:
            yield process
        finally:
            if process.alive:
                _send(process.popen.pid, signal.SIGKILL)
                process.popen.wait()


def _in_turn(processes: list[_Process], rng: random.Random) -> None:
    for _ in range(LIMIT_TURNS):
        alive = [process for process in processes if process.alive]
        if not alive:
            return
        rng.shuffle(alive)
        for process in alive:
            process.turn()
    raise SystemExit(f"not done after {LIMIT_TURNS} turns of {TURN_S} s")


def _send(pid: int, number: signal.Signals) -> None:
    """To all below the process, then itself; each is stopped first, so that none starts more."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, signal.SIGSTOP)
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                _send(int(child), number)
        os.kill(pid, number)
