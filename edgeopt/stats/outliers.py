"""Outliers are counted and shown. They are never dropped: the user's machine has them too."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.stats.samples import as_samples

#: Makes the median absolute deviation of a normal distribution its standard deviation.
MAD_SCALE = 1.4826


def share(samples: ArrayLike, limit: float = 3.0) -> float:
    """The share (0..1) of samples farther than `limit` scaled MADs from the median.

    Where more than half of the samples are equal the MAD is 0, and every other one counts.
    (Leys et al. 2013, Detecting outliers: do not use standard deviation around the mean.)

    Raises:
        ValueError: no samples, or a limit of 0 or less.
    """
    if limit <= 0.0:
        raise ValueError(f"`limit` must be above 0, got {limit}")
    values = as_samples(samples)
    distance = np.abs(values - np.median(values))
    return float(np.mean(distance > limit * MAD_SCALE * np.median(distance)))
