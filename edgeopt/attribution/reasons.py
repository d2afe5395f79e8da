"""What makes one candidate faster or slower than another, by what weighs in their profiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeopt.attribution.kinds import asks_for_integers, is_integer
from edgeopt.domain.explanation import Cost, LayerCost, Side
from edgeopt.domain.latency import Verdict

NOTABLE = 0.03
"""Share of the slower candidate's time from which a part is worth a word."""

_NAMED = 3  # layers that are named
_BUSIER = 1.25  # times the run's own p50
_FAR = 0.25  # from here on a profile is not the inference that was measured

ReasonKind = Literal["fell-back", "slow-kernels", "compute", "conversion", "other", "outside"]


@dataclass(frozen=True)
class Reason:
    """One part of the difference.

    Attributes:
        kind: what computes, apart by what "fell-back" to float and what runs in "slow-kernels",
            outside of those that it is meant for; else as `Cost.kind`.
        a_ms, b_ms, a_count, b_count: as in `Cost`; layers are counted where they compute. None:
            that profile names no operator for them, and nothing is known of their time.
        arithmetics: in which the two ran it, where each is one and they differ.
    """

    kind: ReasonKind
    a_ms: float
    b_ms: float
    a_count: int = 0
    b_count: int = 0
    arithmetics: tuple[str, str] | None = None

    @property
    def more_ms(self) -> float:
        """How much longer `a` takes by it (negative: less long)."""
        return self.a_ms - self.b_ms


@dataclass(frozen=True)
class Reasons:
    """The parts that are worth a word, the largest first.

    Attributes:
        because: in the direction of the whole. against: in the other one.
        layers, layers_against: those that weigh most, in the same way.
    """

    because: tuple[Reason, ...]
    against: tuple[Reason, ...]
    layers: tuple[LayerCost, ...]
    layers_against: tuple[LayerCost, ...]


def reasons(
    a: Side,
    b: Side,
    verdict: Verdict | None,
    costs: Sequence[Cost],
    compute: Sequence[LayerCost],
    layers: Sequence[LayerCost],
) -> Reasons:
    """What makes `a` faster or slower than `b`.

    Times come from the profile. Which one is faster comes from the run, where it has a verdict.

    Args:
        compute: layer by layer what computes, alone; layers: with all that is done for it, the
            largest difference first.
    """
    worth = NOTABLE * max(a.profile.total_ns, b.profile.total_ns) / 1e6
    notable = [part for part in _parts(a, costs, compute) if abs(part.more_ms) >= worth]
    notable.sort(key=lambda part: -abs(part.more_ms))
    slower = verdict.ratio < 1 if verdict else a.profile.total_ns > b.profile.total_ns
    return Reasons(
        because=tuple(part for part in notable if (part.more_ms > 0) == slower),
        against=tuple(part for part in notable if (part.more_ms > 0) != slower),
        layers=_heaviest(layers, slower, worth / 2),
        layers_against=_heaviest(layers, not slower, worth),
    )


def fell_back(side: Side, row: LayerCost) -> bool:
    """Whether a layer of an integer candidate computes in float."""
    return (
        row.kind == "compute"
        and bool(row.a)
        and asks_for_integers(side.precision)
        and not is_integer(row.a_precision)
    )


def is_far(side: Side) -> bool:
    """Whether the profiled inferences took another time than the plain ones."""
    return abs(side.profile.overhead) >= _FAR


def is_busier(side: Side) -> bool:
    """Whether the plain inferences beside the profiled ones took longer than in the run."""
    plain_ms = side.profile.plain_ns / 1e6
    return side.latency_ms is not None and plain_ms >= _BUSIER * side.latency_ms.p50


def _parts(a: Side, costs: Sequence[Cost], compute: Sequence[LayerCost]) -> Iterator[Reason]:
    yield from _compute(a, compute)
    for kind in ("conversion", "other"):
        for cost in costs:
            if cost.kind == kind:
                yield Reason(kind, cost.a_ms, cost.b_ms, cost.a_count, cost.b_count)
    for cost in costs:
        if cost.kind == "outside" and cost.a_ms and cost.b_ms:
            yield Reason("outside", cost.a_ms, cost.b_ms)


def _compute(a: Side, compute: Sequence[LayerCost]) -> Iterator[Reason]:
    """What computes as wanted, apart from what fell back, and from what one profile names alone."""
    back = [row for row in compute if fell_back(a, row)]
    slow = [row for row in compute if row.a_fallback and row not in back]
    rest = [row for row in compute if row not in back and row not in slow]
    alone = [row for row in rest if not (row.a and row.b)]
    if any(row.a for row in alone) and any(row.b for row in alone):
        alone = []  # the same work, perhaps, under names that do not meet: taken together
    rest = [row for row in rest if row not in alone]
    groups: tuple[tuple[ReasonKind, list[LayerCost]], ...] = (
        ("fell-back", back), ("slow-kernels", slow), ("compute", rest), ("compute", alone)
    )  # fmt: skip
    for kind, rows in groups:
        if rows:
            a_ms, b_ms = sum(row.a_ms for row in rows), sum(row.b_ms for row in rows)
            counts = sum(bool(row.a) for row in rows), sum(bool(row.b) for row in rows)
            yield Reason(kind, a_ms, b_ms, *counts, _arithmetics(rows))


def _arithmetics(rows: Sequence[LayerCost]) -> tuple[str, str] | None:
    pairs = {(row.a_precision, row.b_precision) for row in rows}
    if len(pairs) != 1:
        return None
    a, b = pairs.pop()
    return (a, b) if a and b and a != b else None


def _heaviest(layers: Iterable[LayerCost], slower: bool, worth: float) -> tuple[LayerCost, ...]:
    """The first layers that weigh enough in one direction."""
    chosen = [row for row in layers if (row.more_ms > 0) == slower and abs(row.more_ms) >= worth]
    return tuple(chosen[:_NAMED])
