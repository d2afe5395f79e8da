"""How far a trial is beyond what was allowed: what samplers are told, and what is not trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeopt.domain.evaluation import Evaluation
from edgeopt.domain.run import Constraints
from edgeopt.report import format as fmt


@dataclass(frozen=True)
class Beside:
    """One figure and its limit.

    Attributes:
        excess: above 0 where it is beyond, as a share of the limit.
        least: the same of the low end of the figure's interval, where it has one.
    """

    name: str
    excess: float
    words: str
    least: float


def beside(found: Sequence[Evaluation], constraints: Constraints) -> Iterator[Beside]:
    """Every limit with a figure; what was not measured keeps its limit."""
    most_ms, most_bytes = constraints.max_latency_ms, constraints.max_size_bytes
    for one in found:
        if most_ms is not None and one.latency_ms is not None:
            yield Beside(
                f"latency:{one.target}",
                one.latency_ms / most_ms - 1,
                f"{fmt.ms(one.latency_ms)} on {one.target}, allowed {fmt.ms(most_ms)}",
                _low(one, one.latency_ms) / most_ms - 1,
            )
        if most_bytes is not None and one.size_bytes is not None:
            yield Beside(
                f"size:{one.target}",
                excess := one.size_bytes / most_bytes - 1,
                f"{fmt.size(one.size_bytes)} for {one.target}, allowed {fmt.size(most_bytes)}",
                excess,
            )


def _low(one: Evaluation, ms: float) -> float:
    """The low end of its interval, else the figure; ms."""
    return ms if one.latency is None or one.latency.low is None else min(ms, one.latency.low)


def broken(found: Sequence[Evaluation], constraints: Constraints) -> list[Beside]:
    """Those that are beyond."""
    return [one for one in beside(found, constraints) if one.excess > 0]


def surely_broken(found: Sequence[Evaluation], constraints: Constraints) -> list[Beside]:
    """Those whose whole interval is beyond: what is only perhaps too slow is trained."""
    return [one for one in beside(found, constraints) if one.least > 0]
