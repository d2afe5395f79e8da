"""Percentile bootstrap intervals (Efron 1979). The same seed gives the same interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeopt.stats.samples import Interval, as_samples, check_share

Indices = NDArray[np.intp]


def paired_bootstrap(
    statistic: Callable[[Indices], float],
    n: int,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """The interval of a statistic of n samples, such as a difference of two scores.

    Both scores are computed on the same resampled indices, so the samples stay paired.
    A statistic that is the same in every resample gives an interval of no width: for
    differences of proportions see `proportion.paired_difference`.

    Args:
        statistic: takes sample indices (about n, with repetitions), returns one number;
            nan where it is not defined on them (a class is missing).
        groups: [n] group ids of samples that are not independent (one patient's images);
            whole groups are then drawn.

    Returns:
        (low, high) in the statistic's unit. Resamples where it is nan are left out.

    Raises:
        ValueError: fewer than two samples or groups, `groups` of another length, or a
            statistic that is not finite in more than half of the resamples.
    """
    check_share("level", level)
    units = members(n, groups)
    if len(units) < 2:
        raise ValueError(f"resampling needs 2 samples or groups at least, got {len(units)}")
    rng = np.random.default_rng(seed)
    values = np.empty(resamples)
    for i in range(resamples):
        drawn = rng.integers(len(units), size=len(units))
        if groups is None:
            values[i] = statistic(drawn)
        else:
            values[i] = statistic(np.concatenate([units[j] for j in drawn]))
    finite = values[np.isfinite(values)]
    if 2 * finite.size < resamples:
        raise ValueError(f"the statistic is defined in {finite.size} of {resamples} resamples only")
    return _percentiles(finite, level)


def of_few(units: int, level: float = 0.95) -> float:
    """By how much percentiles of so few units are too narrow: Student's t, and n - 1 of n."""
    from scipy.special import ndtri, stdtrit

    share = 0.5 + level / 2
    return float(stdtrit(units - 1, share) / ndtri(share) * np.sqrt(units / (units - 1)))


def median_by_group(
    groups: Sequence[ArrayLike], level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> Interval:
    """The interval of the median of grouped samples: groups are drawn, then samples in each.

    Numbers of one process launch share its memory layout and its hour, so launches are
    drawn first (Kalibera and Jones 2013: repeat at every level that has randomness). Drawing
    within them as well makes up for most of what a bootstrap over few groups misses: with 5
    groups of 20, and groups that differ by a quarter, half or all of what the samples within
    them do, 95 % intervals covered 95, 92 and 86 % of the time (400 simulations each;
    drawing groups alone 81, 85 and 81 %).

    Args:
        groups: one sequence of numbers per group, of any lengths >= 1, in one unit.

    Raises:
        ValueError: no groups, an empty one, or a level outside 0..1.
    """
    check_share("level", level)
    table, sizes = _table([as_samples(group) for group in groups])
    rng = np.random.default_rng(seed)
    count, width = table.shape
    drawn = rng.integers(count, size=(resamples, count))
    within = sizes[drawn][:, :, np.newaxis]
    place = (rng.random((resamples, count, width)) * within).astype(np.intp)
    values = table[drawn[:, :, np.newaxis], place]
    values[np.broadcast_to(np.arange(width) >= within, values.shape)] = np.nan
    return _percentiles(_row_medians(values.reshape(resamples, -1)), level)


def members(n: int, groups: ArrayLike | None) -> list[Indices]:
    """The sample indices of each unit that is drawn: a group, or a sample where there are none."""
    if groups is None:
        return [np.array([i]) for i in range(n)]
    ids = np.asarray(groups)
    if ids.shape != (n,):
        raise ValueError(f"`groups` must name a group for each of {n} samples, got {ids.shape}")
    _, first_seen = np.unique(ids, return_inverse=True)
    order = np.argsort(first_seen, kind="stable")
    return np.split(order, np.cumsum(np.bincount(first_seen))[:-1])


def _table(groups: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], Indices]:
    """The groups as rows, the short ones filled up, and their sizes."""
    if not groups:
        raise ValueError("expected one group at least, got none")
    sizes = np.array([group.size for group in groups])
    table = np.full((len(groups), sizes.max()), np.nan)
    for row, group in zip(table, groups, strict=True):
        row[: group.size] = group
    return table, sizes


def _row_medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The median of each row's numbers; nan marks places without one."""
    count = np.count_nonzero(~np.isnan(values), axis=1)
    values.sort(axis=1)  # nan goes last
    rows = np.arange(len(values))
    return (values[rows, (count - 1) // 2] + values[rows, count // 2]) / 2.0


def _percentiles(values: NDArray[np.float64], level: float) -> Interval:
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)
