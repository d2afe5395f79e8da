"""By what a candidate falls short of the constraints, in words."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.record import Record
from edgeopt.domain.run import Miss
from edgeopt.domain.shortfall import Shortfall, Subset

_PARTS = {"choose": "choosing", "confirm": "confirming"}


def miss(record: Record, shortfalls: Sequence[Shortfall]) -> Miss:
    """A candidate that did not qualify, and by what it fell short."""
    return because(record, "; ".join(map(clause, shortfalls)))


def because(record: Record, why: str) -> Miss:
    """A candidate that did not qualify, for a reason in words."""
    return Miss(recipe_id=record.recipe_id or "", title=record.title, why=why)


def clause(one: Shortfall) -> str:
    """ "it loses 0.0312 on the 500 choosing samples, allowed 0.01"."""
    if one.kind == "no-score":
        return "it has no score"
    if one.kind == "untrusted-latency":
        return f"its latency cannot be trusted ({'; '.join(one.spoiled)})"
    if one.kind == "size":
        return f"its size is {one.got:.0f} bytes, allowed {one.allowed:.0f}"
    if one.kind == "latency":
        return f"its p50 is {one.got:.3g} ms, allowed {one.allowed:.3g} ms"
    assert one.where is not None
    return f"{_lost(one, one.where)} {one.allowed:.4g}"


def _lost(one: Shortfall, where: Subset) -> str:
    part = _PARTS[where.part]
    if one.kind == "slice-drop":
        slice_of = f"{where.column} {where.value}"
        return (
            f"{slice_of} loses {one.got:.4g} on its {where.n} {part} samples, allowed for a slice"
        )
    return f"it loses {one.got:.4g} on the {where.n} {part} samples, allowed"
