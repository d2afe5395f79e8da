"""The Pareto front of what was timed beside one baseline: pure functions of records."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.record import Record
from edgeopt.search.aims import share_of_baseline


def unbeaten(records: Sequence[Record], baseline: str | None) -> list[Record]:
    """The Pareto front of latency, drop and size: those that no other beats on all three.

    Latency is taken relative to the baseline's in the same interleaved schedule. What was only
    screened takes nothing off the front that was measured for good.
    """
    points = [
        (r, (share, max(r.drop.judged, 0.0), r.size_bytes or 0))
        for r in records
        if r.status == "ok" and r.drop and (share := share_of_baseline(r, baseline))
    ]
    return [
        record
        for record, point in points
        if not any(_as_sure(r, record) and _dominates(other, point) for r, other in points)
    ]


def _as_sure(record: Record, than: Record) -> bool:
    """Whether a record's latency is as good a figure as another's."""
    stages = [r.latency_ms.stage for r in (record, than) if r.latency_ms]
    return stages != ["screen", "final"]


def _dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b
