"""How quiet the machine is: a thing against itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

from numpy.typing import ArrayLike

from edgeopt.stats import ratio


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
