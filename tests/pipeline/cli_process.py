"""The command line in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def edgeopt(*arguments: object, cwd: Path, env: dict[str, str] | None = None):
    """Run `edgeopt ARGUMENTS` and wait for it."""
    command = [sys.executable, "-m", "edgeopt.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
