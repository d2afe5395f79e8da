"""Processes that run in turn: one of them at a time, the others stopped."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import IO

TURN_S = 0.1
#: All turns of one call together; the tools here take seconds.
LIMIT_TURNS = 3000


def run(commands: dict[str, list[str]], rng: random.Random) -> dict[str, str]:
    """What each command prints; they share the time in turns of `TURN_S`, in random order.

    Raises:
        SystemExit: one of them failed, or they took more than `LIMIT_TURNS`.
    """
    with contextlib.ExitStack() as stack:
        out, err = (
            {name: stack.enter_context(tempfile.TemporaryFile("w+")) for name in commands}
            for _ in range(2)
        )
        processes = {
            name: subprocess.Popen(command, stdout=out[name], stderr=err[name])
            for name, command in commands.items()
        }
        try:
            _in_turn(list(processes.values()), rng)
        finally:
            for process in processes.values():
                if process.poll() is None:
                    _send(process.pid, signal.SIGKILL)
                    process.wait()
        for name, process in processes.items():
            if process.returncode:
                raise SystemExit(f"{name} failed: {_text(err[name])[-500:]}")
        return {name: _text(output) for name, output in out.items()}


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def _in_turn(processes: list[subprocess.Popen], rng: random.Random) -> None:
    for process in processes:
        _send(process.pid, signal.SIGSTOP)
    for _ in range(LIMIT_TURNS):
        alive = [process for process in processes if process.poll() is None]
        if not alive:
            return
        rng.shuffle(alive)
        for process in alive:
            _send(process.pid, signal.SIGCONT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(TURN_S)
            if process.poll() is None:
                _send(process.pid, signal.SIGSTOP)
    raise SystemExit(f"not done after {LIMIT_TURNS} turns of {TURN_S} s")


def _send(pid: int, number: signal.Signals) -> None:
    """To the process and all below it; parents first, so that none starts another meanwhile."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, number)
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                _send(int(child), number)
