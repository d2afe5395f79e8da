"""By what a candidate falls short of the constraints, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeopt.domain.record import Record
from edgeopt.domain.run import Miss
from edgeopt.domain.shortfall import Shortfall, ShortfallKind, Subset
from edgeopt.report import beside_limit

#: What has a limit of the same unit: its name, and both as they are told.
_FIGURES: dict[ShortfallKind, tuple[str, Callable[[float, float], beside_limit.Pair]]] = {
    "size": ("size", beside_limit.whole_bytes),
    "latency": ("p50", beside_limit.ms),
    "p90": ("p90", beside_limit.ms),
    "memory": ("memory", beside_limit.whole_bytes),
    "energy": ("energy", beside_limit.millijoules),
}

_PARTS = {"choose": "choosing", "confirm": "held-out"}


def miss(record: Record, shortfalls: Sequence[Shortfall]) -> Miss:
    """A candidate that did not qualify, and by what it fell short."""
    return because(record, "; ".join(map(clause, shortfalls)))


def because(record: Record, why: str) -> Miss:
    """A candidate that did not qualify, for a reason in words."""
    return Miss(recipe_id=record.recipe_id or "", title=record.title, why=why)


def clause(one: Shortfall) -> str:
    """ "it loses 3.1 points on the 500 choosing samples, and 1.0 points are allowed"."""
    if one.kind == "no-score":
        return "it has no score"
    if one.kind == "latency-only":
        return "its ranges come from random inputs: it is timed only"
    if one.kind == "untrusted-latency":
        return f"its latency cannot be trusted ({'; '.join(one.spoiled)})"
    if one.kind == "outside":
        return "it was measured to compare with, and is outside of what was asked for"
    if one.kind in _FIGURES:
        what, words = _FIGURES[one.kind]
        got, allowed = words(one.got or 0.0, one.allowed or 0.0)
        return f"its {what} is {got}, allowed {allowed}"
    assert one.where is not None
    return _lost(one, one.where)


def _lost(one: Shortfall, where: Subset) -> str:
    got, allowed = beside_limit.losses([one.got or 0.0], one.allowed or 0.0, relative=one.relative)
    samples = f"{where.n} {_PARTS[where.part]} samples"
    if one.kind == "slice-drop":
        of = f"{where.column} {where.value}"
        return f"{of} loses {got} on its {samples}, and a slice may lose {allowed}"
    return f"it loses {got} on the {samples}, and {allowed} are allowed"
