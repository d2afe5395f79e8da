"""What every function of this room takes and gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]


def as_samples(samples: ArrayLike) -> NDArray[np.float64]:
    """The numbers as a new array of shape [n], n >= 1.

    Raises:
        ValueError: no numbers, more than one dimension, or one that is not finite.
    """
    values = np.array(samples, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"expected one or more numbers in a row, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("expected finite numbers, got a nan or an infinity")
    return values


def check_share(name: str, value: float) -> None:
    """Raise ValueError unless 0 < value < 1."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"`{name}` must lie between 0 and 1, got {value}")
