"""By what a candidate falls short of the constraints, in words."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.record import Record
from edgeopt.domain.run import Miss
from edgeopt.domain.shortfall import Shortfall, Subset
from edgeopt.report import format as fmt

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
        got = fmt.beside_limit_bytes(one.got or 0.0)
        return f"its size is {got}, allowed {one.allowed:.0f}"
    if one.kind == "latency":
        got, allowed = (fmt.beside_limit_ms(ms or 0.0) for ms in (one.got, one.allowed))
        return f"its p50 is {got}, allowed {allowed}"
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
