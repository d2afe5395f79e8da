"""The published latencies that ship with the profiles: facts with their sources."""

from __future__ import annotations

import csv
import functools
from pathlib import Path

from edgeopt.domain.published import Published
from edgeopt.targets.folder import folder

FILE = "published_latencies.csv"


@functools.cache
def rows(shipped: Path | None = None) -> tuple[Published, ...]:
    """Every row, in the order of the file."""
    with ((shipped or folder()) / FILE).open(encoding="utf-8", newline="") as file:
        return tuple(_row(line) for line in csv.DictReader(file))


def _row(line: dict[str, str]) -> Published:
    least = line.pop("latency_min_ms")
    return Published(
        latency_ms=float(line.pop("latency_ms")),
        latency_min_ms=float(least) if least else None,
        **line,
    )


def of_target(name: str) -> list[Published]:
    """The rows that were taken on a target's hardware."""
    return [row for row in rows() if row.target == name]
