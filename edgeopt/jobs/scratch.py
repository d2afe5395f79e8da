"""Folders that are gone when their work ends, and what to say of a log in one of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

PREFIX = "edgeopt-"
_LINES = 6


def is_scratch(path: Path) -> bool:
    """Whether a file lies in a temporary folder of edgeopt's, so that no user finds it."""
    root = Path(tempfile.gettempdir()).resolve()
    inside = path.resolve()
    if root not in inside.parents:
        return False
    return inside.relative_to(root).parts[0].startswith(PREFIX)


def output_in(log: Path, start: int = 0) -> str:
    """Where a process's output is, or its last lines where nobody could look there later.

    Args:
        start: byte of the log where that process began to write.
    """
    return last_lines(log, start) if is_scratch(log) else f"Its output is in {log}."


def last_lines(log: Path, start: int = 0) -> str:
    """The last lines of a log, as a hint; "" where nothing was written."""
    try:
        with log.open("rb") as file:
            file.seek(start)
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [line.rstrip()[:200] for line in text.splitlines() if line.strip()]
    return "\n    ".join(["It printed last:", *lines[-_LINES:]]) if lines else ""
