"""What each group of layers gives and costs if it stays in float: pure functions of tables."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from edgeopt.attribution.kinds import kind
from edgeopt.domain.layers import GroupSensitivity, LayerSensitivity, Price
from edgeopt.domain.time_profile import TimeProfile
from edgeopt.stats import launches
from edgeopt.stats.verdict import corrected

_MS = 1e-6  # of a nanosecond

#: Profiles of one launch.
Launch = Sequence[TimeProfile]

#: A value to integers or back, ns: half a nanosecond and less where it was measured. A group that
#: is cheap otherwise (where float is as fast) must not look free.
CONVERT_NS = 0.3

#: From so much more noise without a group it is told from rounding's luck.
WORSE = 1.05

#: What costs less than this share of an inference costs nothing that a measurement would show.
NOTHING = 0.005


def price_groups(
    table: LayerSensitivity, fp32: Sequence[Launch], int8: Sequence[Launch]
) -> tuple[Price, ...]:
    """All groups, the best value first. Where some give back noise, one that adds to it gives none.

    Args:
        fp32, int8: profiles of the two forms by launch and turn, as many of both; (): without
            costs.
    """
    float_ms, int_ms = (_by_launch(table, profiles) for profiles in (fp32, int8))
    known = bool(float_ms.any() and int_ms.any())
    level = corrected(0.95, candidates=max(1, len(table.groups)))
    priced = [
        _price(noise, table.plain, float_ms[:, :, i], int_ms[:, :, i], level)
        if known
        else Price(group=noise.group, gain=_gain(noise, table.plain), cost_ms=None)
        for i, noise in enumerate(_helpful(table))
    ]
    in_rows = [i for i, noise in enumerate(table.groups) if not noise.group.kind]
    whole = float(int_ms[:, :, in_rows].mean(axis=(0, 1)).sum()) if known else 1.0 / NOTHING
    least = max(NOTHING * whole, _MS)  # no clock here counts in less than a nanosecond
    return tuple(sorted(priced, key=lambda price: -_value(price, least)))


def _helpful(table: LayerSensitivity) -> list[GroupSensitivity]:
    """With nothing to give for groups without which there is more noise than with them.

    Errors of two groups may cancel. One that alone is loud and without which the others are louder
    came first, and made a reader of text lose 3.4 points where it lost 0.9.
    """
    if all(noise.without >= table.plain for noise in table.groups):
        return list(table.groups)  # so much noise that no group alone changes it
    return [
        structs.replace(noise, alone=0.0, without=table.plain)
        if noise.without > WORSE * table.plain
        else noise
        for noise in table.groups
    ]


def _price(
    noise: GroupSensitivity,
    plain: float,
    fp32_ms: NDArray[np.float64],
    int8_ms: NDArray[np.float64],
    level: float,
) -> Price:
    """Of one group, [launches, turns] in both forms."""
    costs = fp32_ms - int8_ms
    sd = math.hypot(
        *(ms.mean() * launches.launch_sd(ms.mean() / _MS) for ms in (fp32_ms, int8_ms) if ms.any())
    )
    low, high = launches.interval(list(costs), level, sd)
    convert = noise.group.elements * CONVERT_NS * _MS
    return Price(
        group=noise.group,
        gain=_gain(noise, plain),
        cost_ms=float(costs.mean()) + convert,
        cost_low_ms=low + convert,
        cost_high_ms=high + convert,
        fp32_ms=float(fp32_ms.mean()),
        int8_ms=float(int8_ms.mean()),
    )


def _gain(noise: GroupSensitivity, plain: float) -> float:
    """The share of the noise that goes away: the mean of both ways to ask.

    Noise of groups adds up where it is small; each way alone is off where it is not.
    """
    if plain <= 0:
        return 0.0
    return max(0.0, (plain - noise.without + noise.alone) / 2) / plain


def _value(price: Price, least: float) -> float:
    """Gain for each millisecond; for each group where no costs are known.

    A cost that launches do not tell from none is taken for none.
    """
    if price.cost_ms is None:
        return price.gain
    costs = price.cost_low_ms is None or price.cost_low_ms > 0.0
    return price.gain / max(price.cost_ms if costs else 0.0, least)


def _by_launch(table: LayerSensitivity, by_launch: Sequence[Launch]) -> NDArray[np.float64]:
    """Milliseconds, [launches, turns, groups]; empty where operators are not the graph's.

    All are 0 where every operator is shorter than what the profiler counts in (microseconds).
    """
    times = [[_by_group(table, profile) for profile in turns] for turns in by_launch]
    if any(one is None for turns in times for one in turns):
        return np.array([])
    return np.array(times, dtype=np.float64)


def _by_group(table: LayerSensitivity, profile: TimeProfile) -> list[float] | None:
    """Milliseconds of each group; None where the profile's operators are not the graph's.

    Runtimes fuse what does not compute into what does, and keep the order: the n-th that computes
    is the n-th of the graph, and what follows it belongs to it.
    """
    in_rows = [one.group for one in table.groups if not one.group.kind]
    ends = list(itertools.accumulate(len(group.layers) for group in in_rows))
    computing = sum(kind(op) == "compute" for op in profile.operators)
    if not ends or computing != ends[-1]:
        return None
    times, layers = [0.0] * len(ends), [0.0] * computing
    done = 0
    for op in profile.operators:
        done += kind(op) == "compute"
        times[min(bisect.bisect_left(ends, max(done, 1)), len(ends) - 1)] += op.ns * _MS
        if layers:
            layers[max(done, 1) - 1] += op.ns * _MS
    of_rows = iter(times)
    return [
        sum(layers[i] for i in one.group.order) if one.group.kind else next(of_rows)
        for one in table.groups
    ]


def counts(most: int) -> Iterator[int]:
    """How many of the best groups to keep in float, from few to many: 1, 2, 3, 5, 8, ..., most."""
    count, following = 1, 2
    while count < most:
        yield count
        count, following = following, count + following
    if most > 0:
        yield most


def steps(priced: Sequence[Price]) -> Iterator[Sequence[Price]]:
    """The groups that each of `counts` adds to those before: of all that give anything, the best

    first. With every operator in float it would be the fp32 form: that is not a step.
    """
    chosen, before = worth_keeping(priced), 0
    everything = _operators(priced)
    most = sum(_operators(chosen[: end + 1]) != everything for end in range(len(chosen)))
    for count in counts(most):
        yield chosen[before:count]
        before = count


def _operators(priced: Sequence[Price]) -> frozenset[int]:
    return frozenset().union(*(price.group.numbers for price in priced))


def worth_keeping(prices: Sequence[Price]) -> list[Price]:
    """Those that give anything."""
    return [price for price in prices if price.gain > 0]


def predicted_ms(plain_ms: float, in_float: Sequence[Price]) -> float | None:
    """The time of a form by the prices of what it keeps; None where one has none."""
    costs = [price.cost_ms for price in in_float]
    if any(cost is None for cost in costs):
        return None
    return plain_ms + sum(cost for cost in costs if cost is not None)
