"""The command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.faults import shortly as shortly_command
from edgeopt.jobs import interpreter

HERE = Path(__file__).parent
SHORTLY = (*interpreter.command(shortly_command.__file__), "--sweep")


def edgeopt(*arguments: object, cwd: Path, env: dict[str, str] | None = None):
    """Run `edgeopt ARGUMENTS` and wait for it."""
    return _run(["-m", "edgeopt.cli", *map(str, arguments)], cwd, env)


def shortly(*arguments: object, cwd: Path, env: dict[str, str] | None = None):
    """The same with short schedules: see `benchmarks.faults.shortly`."""
    command = [*SHORTLY, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)


def _run(arguments: list[str], cwd: Path, env: dict[str, str] | None):
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
