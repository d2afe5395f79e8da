"""The median, and its interval that assumes no distribution.

A quantile in the tail of few samples is a guess: for latencies see `early_stopping`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.stats.samples import Interval, as_samples, check_share


def median(samples: ArrayLike) -> float:
    """The middle of the samples, in their unit. Raises ValueError for none."""
    return float(np.median(as_samples(samples)))


def median_interval(samples: ArrayLike, level: float = 0.95) -> Interval | None:
    """The order-statistic interval of the median: exact for any continuous distribution.

    The k-th smallest and k-th largest sample, k the largest with
    2 P(Binomial(n, 1/2) < k) <= 1 - level (David and Nagaraja, Order Statistics, 7.1).
    It takes the samples as independent. Timings in a row are not: give it medians of
    blocks or log-ratios of pairs.

    Returns:
        (low, high) in the samples' unit. None where even the smallest and the largest
        sample cover less than `level`: below 6 samples at 95 %.

    Raises:
        ValueError: no samples, or a level outside 0..1.
    """
    check_share("level", level)
    ordered = np.sort(as_samples(samples))
    k = _rank(ordered.size, (1.0 - level) / 2.0)
    if k == 0:
        return None
    return float(ordered[k - 1]), float(ordered[-k])


def _rank(n: int, tail: float) -> int:
    """The largest k with P(Binomial(n, 1/2) < k) <= tail; 0 where there is none."""
    from scipy.special import bdtr

    below = bdtr(np.arange((n + 1) // 2), n, 0.5)
    # The last place of `bdtr` must not decide a level that is met exactly.
    return int(np.searchsorted(below, tail * (1 + 1e-12), side="right"))
