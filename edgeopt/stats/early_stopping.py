"""How many samples a tail latency needs: the early-stopping rule of MLPerf's LoadGen.

Source: MLPerf inference rules, appendix "Early Stopping Criterion". A percentile p is
shown with confidence c once, of n queries, the t that exceed the latency are so few that
P(Binomial(n, 1 - (p - d)) <= t) <= 1 - c. It takes the samples as independent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.stats.samples import as_samples, check_share

CONFIDENCE = 0.99


def required(
    percentile: float, over: int, confidence: float = CONFIDENCE, tolerance: float = 0.0
) -> int:
    """How many queries are needed in all when `over` of them exceed the latency.

    Args:
        percentile: share of queries that must be within the latency (0.9 for p90).
        over: queries over the latency (t in LoadGen).
        tolerance: by how much the share may be missed (d in LoadGen).

    Raises:
        ValueError: `over` below 0, or a share outside its range.
    """
    over_share = _over_share(percentile, confidence, tolerance)
    if over < 0:
        raise ValueError(f"`over` must be 0 or more, got {over}")
    enough = over + 1
    while not _passes(over, enough, over_share, confidence):
        enough *= 2
    few = over
    while enough - few > 1:
        middle = (few + enough) // 2
        if _passes(over, middle, over_share, confidence):
            enough = middle
        else:
            few = middle
    return enough


def tail(samples: ArrayLike, percentile: float, confidence: float = CONFIDENCE) -> float | None:
    """The early-stopping estimate of a percentile, in the samples' unit.

    With t the most queries over the latency that n samples allow, the t-th largest sample:
    64 samples report their maximum as p90, more samples a value nearer to the quantile.

    Returns:
        None below `required(percentile, 1)` samples (p90: 64, p99: 662), where no
        estimate has the confidence.

    Raises:
        ValueError: no samples, or a share outside 0..1.
    """
    over_share = _over_share(percentile, confidence, 0.0)
    ordered = np.sort(as_samples(samples))
    allowed = _most_over(ordered.size, over_share, confidence)
    return float(ordered[-allowed]) if allowed >= 1 else None


def _over_share(percentile: float, confidence: float, tolerance: float) -> float:
    check_share("percentile", percentile)
    check_share("confidence", confidence)
    if not 0.0 <= tolerance < percentile:
        raise ValueError(f"`tolerance` must lie in 0..{percentile}, got {tolerance}")
    return 1.0 - (percentile - tolerance)


def _passes(over: int, n: int, over_share: float, confidence: float) -> bool:
    from scipy.special import bdtr

    return over < n and bool(bdtr(over, n, over_share) <= 1.0 - confidence)


def _most_over(n: int, over_share: float, confidence: float) -> int:
    """The largest t that passes with n queries; -1 where not even 0 does."""
    from scipy.special import bdtr

    chance = bdtr(np.arange(n), n, over_share)
    return int(np.searchsorted(chance, 1.0 - confidence, side="right")) - 1
