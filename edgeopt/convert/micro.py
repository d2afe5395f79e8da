"""What TensorFlow Lite Micro itself asks for: `tflite-micro`, built for this machine.

In a process of its own: what it does not know it may die of. `python -m edgeopt.convert.micro FILE`
prints its account on stderr.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

from edgeopt.jobs import interpreter

ROOM_BYTES = 1 << 28  # offered to it; more than a microcontroller has
LIMIT_S = 60


def note(path: str) -> str:
    """A sentence with the arena that the interpreter took, or why it took none.

    "" where the package is not installed.
    """
    if importlib.util.find_spec("tflite_micro") is None:
        return ""
    command = interpreter.command("-m", "edgeopt.convert.micro", path)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return f"TensorFlow Lite Micro did not open it within {LIMIT_S} s"
    found = re.search(r"Arena allocation total (\d+) bytes", done.stderr)
    if found is None:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        return f"TensorFlow Lite Micro does not take it: {(lines or ['it said nothing'])[-1][:200]}"
    return f"TensorFlow Lite Micro, as built for this machine, takes an arena of {found[1]} bytes"


def main(path: str) -> None:
    """Open a model and let the interpreter print what it allocated."""
    from tflite_micro.python.tflite_micro import runtime

    runtime.Interpreter.from_file(path, arena_size=ROOM_BYTES).print_allocations()


if __name__ == "__main__":
    main(sys.argv[1])
