"""What a candidate's two scores tell together of what other samples lose.

The choosing and the confirming samples are drawn alike, so what both show is about the same
samples to come, and more of them tell it more exactly. But the choosing samples had a say in which
candidates are confirmed at all: of ten whose loss is just what is allowed, those with luck there
are asked. So both together are asked for more certainty than one part is: 97.5 % instead of 95 %.
`benchmarks/promise/levels.py` says what comes of that.
"""

from __future__ import annotations

import math

from edgeopt.domain.record import Record
from edgeopt.domain.score import Drop
from edgeopt.stats.proportion import reach

#: A bound of 97.5 % beside one of 95 %, which bounds of one part are.
_SURER = reach(0.95) / reach(0.90)

#: More than so many times the samples that there are is no advice.
_MOST_TIMES = 20


def bound(record: Record) -> float | None:
    """What other samples lose less than, judged like `Drop.judged`.

    By both parts, where it was confirmed; else by the choosing one. None where nothing tells it: in
    older runs, or without a score.
    """
    first, second = record.drop, record.confirm_drop
    if first is None or second is None or first.bound is None or second.bound is None:
        known = second or first
        return None if known is None else known.bound
    return of_both(first, second)


def of_both(first: Drop, second: Drop) -> float:
    """What other samples lose less than, by two parts with bounds.

    Where both bounds are sides of intervals, the parts' errors are independent, and what they
    reach adds up in squares. A bound by margins rests on a factor that is as far off in one part
    as in the other: these are averaged, which assumes no independence at all. Where the parts are
    told to lose differently they are no samples of one population, and the confirming one decides.
    """
    if first.bound is None or second.bound is None:
        raise ValueError("both parts need a bound")
    total = first.n + second.n
    shares = first.n / total, second.n / total
    if {first.bound_by, second.bound_by} != {"interval"}:
        return shares[0] * first.bound + shares[1] * second.bound
    reaches = first.bound - first.judged, second.bound - second.judged
    if abs(first.judged - second.judged) > _SURER * math.hypot(*reaches):
        return second.bound
    value = shares[0] * first.judged + shares[1] * second.judged
    return value + _SURER * math.hypot(shares[0] * reaches[0], shares[1] * reaches[1])


def lost(record: Record) -> tuple[float, int]:
    """(what a candidate loses on all samples that judged it, how many these are)."""
    drops = [drop for drop in (record.drop, record.confirm_drop) if drop is not None]
    total = sum(drop.n for drop in drops)
    return (sum(drop.n * drop.judged for drop in drops) / total if total else 0.0), total


def more_samples(lost: float, bound: float, limit: float, n: int) -> int | None:
    """How many more samples would bring a bound within the limit, if they lose as n samples did.

    What a bound lies above its value shrinks with the root of their number. Rounded up to two
    digits, since it is a guess. None where they would be more than `_MOST_TIMES` n, or none can.
    """
    if n < 1 or not lost < limit or not bound > limit:
        return None
    wanted = n * (((bound - lost) / (limit - lost)) ** 2 - 1)
    if not wanted <= _MOST_TIMES * n:
        return None
    step = 10 ** max(0, math.floor(math.log10(max(wanted, 1))) - 1)
    return math.ceil(wanted / step) * step
