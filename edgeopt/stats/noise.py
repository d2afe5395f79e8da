"""How quiet the machine is: a thing against itself, and a fixed piece of work over time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.stats import ratio
from edgeopt.stats.samples import as_samples


def aa_noise(
    pairs_by_launch: Sequence[ArrayLike], level: float = 0.95, seed: int = 0
) -> float | None:
    """By what share a thing may seem to differ from itself here: 0.01 is 1 %.

    The end of the interval that is farther from 1. A difference no larger than this is not
    told from none (`noise` of `verdict.compare`).

    Args:
        pairs_by_launch: log-ratios of one artifact with itself, measured like two.

    Returns:
        None below the pairs that an interval needs.
    """
    bounds = ratio.interval(pairs_by_launch, level, seed)
    return None if bounds is None else math.expm1(max(-bounds[0], bounds[1]))


def drift(values: ArrayLike) -> float:
    """The median of the last third over that of the first, minus 1: 0.03 is 3 % slower.

    Args:
        values: durations in the order they were taken, three at least, above 0.

    Raises:
        ValueError: fewer than three, or one that is not above 0.
    """
    ordered = _positive(values, 3)
    third = ordered.size // 3
    return float(np.median(ordered[-third:]) / np.median(ordered[:third])) - 1.0


def variation(values: ArrayLike) -> float:
    """The coefficient of variation: standard deviation over mean (0.05 is 5 %).

    Raises:
        ValueError: fewer than two values, or one that is not above 0.
    """
    durations = _positive(values, 2)
    return float(durations.std(ddof=1) / durations.mean())


def _positive(values: ArrayLike, least: int) -> np.ndarray:
    durations = as_samples(values)
    if durations.size < least or durations.min() <= 0.0:
        raise ValueError(
            f"expected {least} durations above 0 at least, "
            f"got {durations.size} with a minimum of {durations.min()}"
        )
    return durations
