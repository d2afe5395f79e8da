"""What each group of layers gives and costs if it stays in float: pure functions of tables."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterator, Sequence

from edgeopt.attribution.kinds import kind
from edgeopt.domain.layers import GroupNoise, NoiseTable, Price
from edgeopt.domain.time_profile import TimeProfile

_MS = 1e-6  # of a nanosecond

#: A value to integers or back, ns: half a nanosecond and less where it was measured. A group that
#: is cheap otherwise (where float is as fast) must not look free.
CONVERT_NS = 0.3

#: What costs less than this share of an inference costs nothing that a measurement would show.
NOTHING = 0.005


def prices(
    table: NoiseTable, fp32: TimeProfile | None, int8: TimeProfile | None
) -> tuple[Price, ...]:
    """All groups, the best value first.

    Args:
        fp32, int8: profiles of the two forms, taken in turns; None: without costs.
    """
    float_ms, int_ms = (_by_group(table, profile) for profile in (fp32, int8))
    known = float_ms is not None and int_ms is not None
    found = [
        _price(
            noise,
            table.plain,
            float_ms[i] if known and float_ms else None,
            int_ms[i] if known and int_ms else None,
        )
        for i, noise in enumerate(table.groups)
    ]
    least = NOTHING * sum(int_ms) if int_ms else 1.0
    return tuple(sorted(found, key=lambda price: -_value(price, least)))


def _price(noise: GroupNoise, plain: float, fp32_ms: float | None, int8_ms: float | None) -> Price:
    cost = None
    if fp32_ms is not None and int8_ms is not None:
        cost = fp32_ms - int8_ms + noise.group.elements * CONVERT_NS * _MS
    return Price(
        group=noise.group,
        gain=_gain(noise, plain),
        cost_ms=cost,
        fp32_ms=fp32_ms,
        int8_ms=int8_ms,
    )


def _gain(noise: GroupNoise, plain: float) -> float:
    """The share of the noise that goes away: the mean of both ways to ask.

    Noise of groups adds up where it is small; each way alone is off where it is not.
    """
    if plain <= 0:
        return 0.0
    return max(0.0, (plain - noise.without + noise.alone) / 2) / plain


def _value(price: Price, least: float) -> float:
    """Gain for each millisecond; for each group where no costs are known."""
    if price.cost_ms is None:
        return price.gain
    return price.gain / max(price.cost_ms, least)


def _by_group(table: NoiseTable, profile: TimeProfile | None) -> list[float] | None:
    """Milliseconds of each group; None where the profile's operators are not the graph's.

    Runtimes fuse what does not compute into what does, and keep the order: the n-th that computes
    is the n-th of the graph, and what follows it belongs to it.
    """
    if profile is None:
        return None
    ends = list(itertools.accumulate(len(one.group.layers) for one in table.groups))
    computing = sum(kind(op) == "compute" for op in profile.operators)
    if not ends or computing != ends[-1]:
        return None
    found = [0.0] * len(ends)
    done = 0
    for op in profile.operators:
        done += kind(op) == "compute"
        found[min(bisect.bisect_left(ends, max(done, 1)), len(ends) - 1)] += op.ns * _MS
    return found


def ladder(chosen: Sequence[Price]) -> Iterator[int]:
    """How many of the best groups to keep in float, from few to many: 1, 2, 3, 5, 8, ..."""
    count, following = 1, 2
    while count < len(chosen):
        yield count
        count, following = following, count + following


def worth_keeping(found: Sequence[Price]) -> list[Price]:
    """Those that give anything."""
    return [price for price in found if price.gain > 0]


def predicted_ms(plain_ms: float, kept: Sequence[Price]) -> float | None:
    """The time of a form by the prices of what it keeps; None where one has none."""
    costs = [price.cost_ms for price in kept]
    if any(cost is None for cost in costs):
        return None
    return plain_ms + sum(cost for cost in costs if cost is not None)
