"""Intervals of a proportion, and of the difference of two on the same samples."""

from __future__ import annotations

import math
from statistics import NormalDist

from edgeopt.stats.samples import Interval, check_share


def wilson(k: float, n: int, level: float = 0.95) -> Interval:
    """The interval of a proportion of which k of n were seen (Wilson 1927).

    Raises:
        ValueError: n below 1, k outside 0..n, or a level outside 0..1.
    """
    if n < 1 or not 0 <= k <= n:
        raise ValueError(f"0 <= k <= n and n >= 1 must hold, got k={k}, n={n}")
    z = reach(level)
    p = k / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    # At the ends it is exact: rounding must not leave k / n outside.
    return min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half))


def paired_difference(
    n: int, only_first: float, only_second: float, level: float = 0.95
) -> Interval:
    """The interval of first's proportion minus second's on the same n samples.

    Bonett and Price (2012), adjusted Wald interval for paired data: one is added to both
    kinds of disagreement. So two models that never disagree differ by an unknown amount near
    0, the nearer the more samples there are, and not by exactly 0.

    Args:
        only_first: samples that the first has right and the second has not; `only_second`
            the other way round. (only_first - only_second) / n is the difference itself. Parts of
            samples where n counts groups of them.

    Returns:
        (low, high) within -1..1.

    Raises:
        ValueError: a negative count, more disagreements than samples, or no samples.
    """
    if min(only_first, only_second) < 0 or only_first + only_second > n * (1 + 1e-9) or n < 1:
        raise ValueError(
            f"counts must be 0 or more and add up to n >= 1 at most, "
            f"got only_first={only_first}, only_second={only_second}, n={n}"
        )
    first = (only_first + 1) / (n + 2)
    second = (only_second + 1) / (n + 2)
    centre = first - second
    half = reach(level) * math.sqrt(max(0.0, first + second - centre**2) / (n + 2))
    return max(-1.0, centre - half), min(1.0, centre + half)


def reach(level: float) -> float:
    """How many standard errors a two-sided interval of a level reaches to each side.

    One side of it is a bound of (1 + level) / 2: what lies below it in nineteen of twenty cases is
    `reach(0.9)`. Of a normal distribution.

    Raises:
        ValueError: a level outside 0..1.
    """
    check_share("level", level)
    return NormalDist().inv_cdf((1.0 + level) / 2.0)
