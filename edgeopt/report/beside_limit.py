"""Figures and their limit, in as many digits as show on which side of it each of them is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgeopt.domain.score import Drop
from edgeopt.report import format as fmt
from edgeopt.report.loss import told

#: More digits than usual, at most: what differs by less is told as the same.
_MOST = 4

Pair = tuple[fmt.Amount, fmt.Amount]


def losses(got: Sequence[float], limit: float, *, relative: bool) -> list[fmt.Amount]:
    """Losses, and the allowed one behind them: "0.3 points", "1.04 points", "1.00 points"."""
    return _apart(got, limit, lambda x, more: fmt.allowance(x, relative=relative, more=more))


def ms(got: float, limit: float) -> Pair:
    """ "2.004 ms" and "2.000 ms"."""
    return _pair(_apart([got], limit, lambda value, more: fmt.ms(value, more=more)))


def millijoules(got: float, limit: float) -> Pair:
    """ "3.201 mJ" and "3.2 mJ"."""
    return _pair(_apart([got], limit, fmt.millijoules))


def whole_bytes(got: float, limit: float) -> Pair:
    """ "101 bytes" and "100 bytes"."""
    return fmt.whole_bytes(got), fmt.whole_bytes(limit)


def drop(
    value: Drop, limit: float, unknown: str = "has a loss that is not known"
) -> tuple[str, fmt.Amount]:
    """A drop as a verb, and what is allowed: "loses 1.04 points" and "1.00 points"."""
    relative = value.relative is not None
    if not value.judged > 0:
        return told(value, unknown), fmt.allowance(limit, relative=relative)
    lost, allowed = losses([value.judged], limit, relative=relative)
    return f"loses {lost}", allowed


def _apart(
    got: Sequence[float], limit: float, words: Callable[[float, int], fmt.Amount]
) -> list[fmt.Amount]:
    """The fewest digits with which none that differs from the limit reads like it."""

    def with_more(more: int) -> list[fmt.Amount]:
        return [words(value, more) for value in (*got, limit)]

    def alike(told: Sequence[fmt.Amount]) -> int:
        return sum(told[i] == told[-1] for i, value in enumerate(got) if value != limit)

    return min((with_more(more) for more in range(_MOST + 1)), key=alike)


def _pair(told: Sequence[fmt.Amount]) -> Pair:
    got, limit = told
    return got, limit
