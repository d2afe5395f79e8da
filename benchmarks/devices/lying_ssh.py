"""Stands in for `ssh`: runs on this machine what it is told, and $EDGEOPT_LIE is told by it.

On the path as `ssh`, it makes a board of this machine whose keeper or whose runners lie
(`lies.py`). Options, the place and shared connections do not concern it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.devices import liar
from benchmarks.devices.lies import BY_NAME


def who(command: str) -> str:
    """Which of the two processes a command line starts; "" for neither."""
    if "edgeopt.runner" in command:
        return "runner"
    return "keeper" if "'keeper'" in command or "keeper" in command else ""


def main() -> None:
    command = ["sh", "-c", sys.argv[-1]]
    lie = BY_NAME.get(os.environ.get("EDGEOPT_LIE", ""))
    if lie is not None and lie.who == who(sys.argv[-1]):
        command = [sys.executable, liar.__file__, lie.name, "--", *command]
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
