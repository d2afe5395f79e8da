"""The interval of a ratio where launches differ: a launch is one observation.

A process keeps the pages and addresses that it was given at its start, and with them a speed of
its own: rounds of one launch tell nothing of the next. So the number of a launch is the median
of its rounds, and the interval is that of the mean of launches.

Few launches hardly tell how much launches differ. Their variance is drawn towards what nets of
that latency were seen to do, as if `PRIOR_LAUNCHES` launches more had said so: the moderated t
of Smyth (2004, Statistical Applications in Genetics and Molecular Biology 3(1), article 3). A
single launch has that prior alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeopt.stats.samples import Interval, as_samples, check_share

#: By how much one launch's latency differs from the next's: a share of it, and a time (one net
#: took 4.5 or 5.5 us). `benchmarks/harness/aa_launches.py` tells what a machine does beside it.
LAUNCH_SHARE = 0.01
LAUNCH_NS = 500.0

#: Degrees of freedom of that prior: nets of one latency differ in it.
PRIOR_LAUNCHES = 4

_MEDIAN = math.sqrt(math.pi / 2)  # sd of a median over that of a mean, of normal numbers
_MAD = 1.4826  # sd of normal numbers over their median absolute deviation


def launch_sd(latency_ns: float) -> float:
    """By what share one launch of something differs from the next (a standard deviation).

    Raises:
        ValueError: a latency of 0 or less.
    """
    if latency_ns <= 0.0:
        raise ValueError(f"a latency must be above 0 ns, got {latency_ns}")
    return math.hypot(LAUNCH_SHARE, LAUNCH_NS / latency_ns)


def ratio_sd(own_ns: float, other_ns: float) -> float:
    """The same of the logarithm of a ratio of two latencies."""
    return math.hypot(launch_sd(own_ns), launch_sd(other_ns))


def interval(values_by_launch: Sequence[ArrayLike], level: float, prior_sd: float) -> Interval:
    """The interval of the mean of launches.

    Args:
        values_by_launch: the rounds' values of each launch, [rounds], one at least.
        prior_sd: by how much launches are expected to differ, in the values' unit; what the
            rounds themselves vary by comes on top.

    Returns:
        (low, high), around the mean of the launches' medians.

    Raises:
        ValueError: no launches, an empty one, or an argument out of its range.
    """
    from scipy.special import stdtrit

    check_share("level", level)
    if prior_sd < 0.0:
        raise ValueError(f"`prior_sd` must be 0 or more, got {prior_sd}")
    launches = [as_samples(values) for values in values_by_launch]
    if not launches:
        raise ValueError("expected one launch at least, got none")
    centres = np.array([float(np.median(values)) for values in launches])
    seen = centres.size - 1
    prior = prior_sd**2 + _variance_of_medians(launches)
    spread = float(centres.var(ddof=1)) if seen else 0.0
    variance = (PRIOR_LAUNCHES * prior + seen * spread) / (PRIOR_LAUNCHES + seen)
    factor = float(stdtrit(PRIOR_LAUNCHES + seen, 0.5 + level / 2.0))
    half = factor * math.sqrt(variance / centres.size)
    middle = float(centres.mean())
    return middle - half, middle + half


def least_half(launches: int, level: float, prior_sd: float) -> float:
    """Half the width of `interval` where so many launches and all of their rounds agree.

    What one launch differs from the next by is not known to be nothing by a few that agree.
    """
    from scipy.special import stdtrit

    seen = launches - 1
    variance = PRIOR_LAUNCHES * prior_sd**2 / (PRIOR_LAUNCHES + seen)
    factor = float(stdtrit(PRIOR_LAUNCHES + seen, 0.5 + level / 2.0))
    return factor * math.sqrt(variance / launches)


def _variance_of_medians(launches: Sequence[NDArray[np.float64]]) -> float:
    """Of a launch's median, for what its rounds vary: by their deviations in all launches."""
    off = np.concatenate([np.abs(values - np.median(values)) for values in launches])
    rounds = float(np.mean([values.size for values in launches]))
    return (_MEDIAN * _MAD * float(np.median(off))) ** 2 / rounds
