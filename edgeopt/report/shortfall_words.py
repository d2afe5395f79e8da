"""By what a candidate falls short of the constraints, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeopt.domain.record import Record
from edgeopt.domain.run import Miss
from edgeopt.domain.shortfall import Shortfall, ShortfallKind, Subset
from edgeopt.report import format as fmt

#: What has a limit of the same unit: its name, and its figure.
_FIGURES: dict[ShortfallKind, tuple[str, Callable[[float], str]]] = {
    "latency": ("p50", fmt.beside_limit_ms),
    "p90": ("p90", fmt.beside_limit_ms),
    "memory": ("memory", fmt.beside_limit_bytes),
    "energy": ("energy", fmt.millijoules),
}

_PARTS = {"choose": "choosing", "confirm": "held-out"}


def miss(record: Record, shortfalls: Sequence[Shortfall]) -> Miss:
    """A candidate that did not qualify, and by what it fell short."""
    return because(record, "; ".join(map(clause, shortfalls)))


def because(record: Record, why: str) -> Miss:
    """A candidate that did not qualify, for a reason in words."""
    return Miss(recipe_id=record.recipe_id or "", title=record.title, why=why)


def clause(one: Shortfall) -> str:
    """ "it loses 3.12 points on the 500 choosing samples, and 1 is allowed"."""
    if one.kind == "no-score":
        return "it has no score"
    if one.kind == "latency-only":
        return "its ranges come from random inputs: it is timed only"
    if one.kind == "untrusted-latency":
        return f"its latency cannot be trusted ({'; '.join(one.spoiled)})"
    if one.kind == "size":
        got = fmt.beside_limit_bytes(one.got or 0.0)
        return f"its size is {got}, allowed {one.allowed:.0f}"
    if one.kind == "outside":
        return "it was measured to compare with, and is outside of what was asked for"
    if one.kind in _FIGURES:
        what, words = _FIGURES[one.kind]
        return f"its {what} is {words(one.got or 0.0)}, allowed {words(one.allowed or 0.0)}"
    assert one.where is not None
    return _lost(one, one.where)


def _lost(one: Shortfall, where: Subset) -> str:
    got, allowed = (
        fmt.beside_limit_drop(value or 0.0, relative=one.relative)
        for value in (one.got, one.allowed)
    )
    samples = f"{where.n} {_PARTS[where.part]} samples"
    most = str(allowed) if one.relative else allowed.number
    if one.kind == "slice-drop":
        of = f"{where.column} {where.value}"
        return f"{of} loses {got} on its {samples}, and a slice may lose {most}"
    return f"it loses {got} on the {samples}, and {most} is allowed"
