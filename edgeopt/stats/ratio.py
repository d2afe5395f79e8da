"""How many times as fast one thing is as another, from blocks measured in turn.

A pair is a block of a and a block of b, one right after the other, so that what the machine
does to one it does to the other. Its number is a log-ratio: ln(median of b / median of a),
above 0 where a is faster. Logarithms make the two arms equals: swapping them changes the sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeopt.stats.bootstrap import median_by_group
from edgeopt.stats.quantile import median, median_interval
from edgeopt.stats.samples import Interval, as_samples


def log_ratios(blocks_a: Sequence[ArrayLike], blocks_b: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """One launch's log-ratios, [rounds]: ln(median of b's block / median of a's block).

    Args:
        blocks_a, blocks_b: durations by round, in one unit; the same index is a pair. The
            blocks' first iterations are for the caller to leave out.

    Raises:
        ValueError: different numbers of rounds, an empty block, or a median of 0 or less.
    """
    if len(blocks_a) != len(blocks_b):
        raise ValueError(f"expected pairs, got {len(blocks_a)} blocks and {len(blocks_b)} blocks")
    medians = np.array(
        [[median(a), median(b)] for a, b in zip(blocks_a, blocks_b, strict=True)]
    ).reshape(-1, 2)
    if (medians <= 0.0).any():
        raise ValueError(f"durations must be above 0, got a block's median of {medians.min()}")
    logs = np.log(medians)
    return logs[:, 1] - logs[:, 0]


def estimate(pairs_by_launch: Sequence[ArrayLike]) -> float:
    """The median log-ratio over all pairs. Raises ValueError where there are none."""
    return median(_pooled(pairs_by_launch))


def interval(
    pairs_by_launch: Sequence[ArrayLike], level: float = 0.95, seed: int = 0
) -> Interval | None:
    """The interval of the median log-ratio over all pairs.

    The order-statistic interval over the pairs, and from two launches on the bootstrap
    that draws launches and pairs within them; of both the lower low and the higher high. The
    first is exact where only the pairs vary, the second grows with what the launches differ by.

    Args:
        pairs_by_launch: log-ratios [rounds] of each launch; launches without any are skipped.

    Returns:
        (low, high), logarithms, around `estimate`. None below the pairs that an interval
        of that level needs (6 at 95 %).
    """
    pooled = _pooled(pairs_by_launch)
    by_pairs = median_interval(pooled, level)
    launches = _launches(pairs_by_launch)
    if by_pairs is None or len(launches) < 2:
        return by_pairs
    by_launches = median_by_group(launches, level, _resamples(level), seed)
    return min(by_pairs[0], by_launches[0]), max(by_pairs[1], by_launches[1])


def _launches(pairs_by_launch: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    return [as_samples(pairs) for pairs in pairs_by_launch if np.size(pairs)]


def _pooled(pairs_by_launch: Sequence[ArrayLike]) -> NDArray[np.float64]:
    launches = _launches(pairs_by_launch)
    if not launches:
        raise ValueError("expected one pair of blocks at least, got none")
    return np.concatenate(launches)


def _resamples(level: float) -> int:
    """Fifty resamples in each tail, so that a corrected level still has an end to find."""
    return min(20_000, max(2_000, math.ceil(100 / (1.0 - level))))
