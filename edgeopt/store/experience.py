"""What earlier runs on a kind of target came to, a line a candidate: it orders, and no more.

    ROOT/seen/TARGET.jsonl

Appended to when a run ends. What cannot be read or written is as if it were not there.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from edgeopt.domain.model import Value

MOST_LINES = 2000  # of a target; the latest count


class Line(Value, kw_only=True, frozen=True):
    """One candidate of one run.

    Attributes:
        family: of the model: "convolutions" or "other".
        convert_s: seconds of its conversion. share: its time as a share of the fp32's of its
            runtime, in one schedule; None: not timed, or it is that. allowed: it kept the limits.
    """

    v: int = 1
    runtime: str
    precision: str
    family: str
    convert_s: float
    share: float | None
    allowed: bool


class Experience:
    """The lines of all targets, below one folder; none where that is None."""

    def __init__(self, place: Path | None) -> None:
        self.place = place

    def lines(self, target: str) -> list[Line]:
        """The latest of a target, the oldest first."""
        path = self._path(target)
        if path is None:
            return []
        try:
            text = path.read_bytes().splitlines()
        except OSError:
            return []
        found = []
        for line in text[-MOST_LINES:]:
            with contextlib.suppress(msgspec.MsgspecError, ValueError):  # cut short, or newer
                found.append(msgspec.json.decode(line, type=Line))
        return found

    def keep(self, target: str, lines: Iterable[Line]) -> None:
        """Append lines, in one write: several processes may do so at once."""
        path, text = self._path(target), b"".join(msgspec.json.encode(x) + b"\n" for x in lines)
        if path is None or not text:
            return
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, text)
            finally:
                os.close(handle)

    def _path(self, target: str) -> Path | None:
        plain = target.replace("-", "").replace("_", "").isalnum()
        return self.place / "seen" / f"{target}.jsonl" if self.place and plain else None
