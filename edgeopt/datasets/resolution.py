"""What a precision can tell apart: how little of an answer's size, and of an output's range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.places import finite


@dataclass(frozen=True)
class Resolution:
    """Attributes:
    share: of a part's size. What varies by less is constant, and noise of less is rounding.
    step: of an output's range. An output that moves by less cannot be told from one that does not.
    follows_db: what answers keep of the source's variation, dB; None: raw power alone counts.
    """

    share: float
    step: float = 0.0
    follows_db: float | None = None


#: Integers of 8 bits; and forms of which nothing better is known.
EIGHT_BITS = Resolution(share=2.0**-8, step=2.0**-8)

#: Rounding is 2^-24, 2^-11 and 2^-8; networks add to it. bf16 cannot keep what varies beside a
#: large mean, so that nothing is asked of it there.
FLOAT32 = Resolution(share=2.0**-14, follows_db=20.0)
FLOAT16 = Resolution(share=2.0**-8, follows_db=6.0)
BFLOAT16 = Resolution(share=2.0**-8)


def span(answers: np.ndarray) -> float:
    """The range that [n, *shape] are taken to have: 1 of what lies within 0 to 1, as a probability.

    Rows that sum to 1 have the range that they reach: they are no scores by themselves.
    """
    values = finite(answers)
    low, high = (float(each(values, initial=0.0)) for each in (np.nanmin, np.nanmax))
    if low < 0 or high > 1 or high == 0 or _shares_one(values):
        return high - low
    return 1.0


def is_faint(answers: np.ndarray, step: float = EIGHT_BITS.step) -> bool:
    """Whether [n, *shape] move by less than a step of their range at every place, if at all."""
    values = finite(answers)
    if step <= 0 or not np.isfinite(values).any():
        return False
    return moves(values) < step * span(values)


def moves(answers: np.ndarray) -> float:
    """How far the place of [n, *shape] that moves most does so over samples."""
    low = np.where(np.isfinite(answers), answers, np.inf).min(axis=0, initial=np.inf)
    high = np.where(np.isfinite(answers), answers, -np.inf).max(axis=0, initial=-np.inf)
    return float(np.max(high - low, initial=0.0, where=np.isfinite(high - low)))


def _shares_one(values: np.ndarray) -> bool:
    """Whether they sum to 1 along some axis of a sample."""
    sums = (
        np.nansum(values, axis=axis) for axis in range(1, values.ndim) if values.shape[axis] > 1
    )
    return any(bool(np.mean(np.abs(one - 1) < 2e-3) > 0.99) for one in sums)
