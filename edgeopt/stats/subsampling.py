"""Intervals of any statistic of a set of samples, from random halves of it drawn without repeats.

A bootstrap repeats samples. A statistic that compares samples with each other (a nearest neighbour
in the set, ranks, distinct counts) takes a repeat for another sample: recall@1 of resamples is too
good, and 95 % intervals of it covered 0 % of the time. Halves have no repeats.

The spread of a statistic over subsets of b of n samples, times sqrt(b / (n - b)), is its standard
error with n samples: the delete-d jackknife (Shao and Wu 1989, Ann. Statist. 17), which holds for
statistics that are not smooth as well, such as a median. Subsampling (Politis, Romano and Wolf,
1999) is the same for subsets that are small beside n. With halves the factor is about 1, whatever
the statistic's rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.stats.bootstrap import Indices, members
from edgeopt.stats.samples import Interval, check_share

FEWEST_UNITS = 4  # samples or groups: fewer have six halves at most
FEWEST_VALUES = 15


def half_samples(
    statistic: Callable[[Indices], float],
    value: float,
    n: int,
    groups: ArrayLike | None = None,
    draws: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """The interval of a statistic of n samples, by Student's t around its value.

    Args:
        statistic: takes sample indices (about n / 2, no repeats, in order), returns one number; nan
            where it is not defined on them.
        value: of all n samples.
        groups: [n] group ids of samples that are not independent; whole groups are then drawn.

    Returns:
        (low, high) in the statistic's unit. Halves where it is nan are left out.

    Raises:
        ValueError: fewer than 4 samples or groups, `groups` of another length, or a statistic that
            is not finite in more than half of the draws, or in all but 14.
    """
    from scipy.stats import t

    check_share("level", level)
    units = members(n, groups)
    if len(units) < FEWEST_UNITS:
        raise ValueError(f"halves need {FEWEST_UNITS} samples or groups, got {len(units)}")
    rng = np.random.default_rng(seed)
    half = len(units) // 2
    values = np.empty(draws)
    for i in range(draws):
        drawn = rng.permutation(len(units))[:half]
        values[i] = statistic(np.sort(np.concatenate([units[j] for j in drawn])))
    finite = values[np.isfinite(values)]
    if 2 * finite.size < draws or finite.size < FEWEST_VALUES:
        raise ValueError(f"it is defined for {finite.size} of {draws} halves of the samples only")
    error = float(finite.std(ddof=1)) * math.sqrt(half / (len(units) - half))
    freedom = min(len(units), finite.size) - 1
    reach = float(t.ppf(0.5 + level / 2, freedom)) * error
    return float(value - reach), float(value + reach)
