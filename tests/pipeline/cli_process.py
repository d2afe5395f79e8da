"""The command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def edgeopt(*arguments: object, cwd: Path, env: dict[str, str] | None = None):
    """Run `edgeopt ARGUMENTS` and wait for it."""
    return _run(["-m", "edgeopt.cli", *map(str, arguments)], cwd, env)


def shortly(*arguments: object, cwd: Path, env: dict[str, str] | None = None):
    """The same with short schedules: see `short_schedules.py`."""
    return _run([str(HERE / "short_schedules.py"), *map(str, arguments)], cwd, env)


def _run(arguments: list[str], cwd: Path, env: dict[str, str] | None):
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
