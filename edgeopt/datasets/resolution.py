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


_LOOKED = 16  # samples whose sums are looked at

#: Integers of 8 bits; and forms of which nothing better is known.
EIGHT_BITS = Resolution(share=2.0**-8, step=2.0**-8)

#: Rounding is 2^-24, 2^-11 and 2^-8; networks add to it. bf16 cannot keep what varies beside a
#: large mean, so that nothing is asked of it there.
FLOAT32 = Resolution(share=2.0**-14, follows_db=20.0)
FLOAT16 = Resolution(share=2.0**-8, follows_db=6.0)
BFLOAT16 = Resolution(share=2.0**-8)


def span(answers: np.ndarray, mask: np.ndarray | None = None, by: float = 1.0) -> float:
    """The range that [n, *shape] are taken to have: 1 of what lies within 0 to 1, as a probability.

    Rows that sum to 1 have the range that they reach: they are no scores by themselves.

    Args:
        mask: bool[*shape], places that are left out (`places.masked`). by: what the range is
            divided by, lest it overflows.
    """
    low, high = _ends(answers, mask)
    if low < 0 or high > 1 or high == 0 or _shares_one(finite(answers[:_LOOKED])):
        return high / by - low / by
    return 1.0 / by


def moves(answers: np.ndarray) -> float:
    """How far the place of [n, *shape] that moves most does so over samples."""
    low, high = (each(answers, axis=0, initial=-end, where=np.isfinite(answers))
                 for each, end in ((np.min, -np.inf), (np.max, np.inf)))  # fmt: skip
    known = high >= low
    return float(np.max(high.astype(np.float64) - low, initial=0.0, where=known))


def _ends(answers: np.ndarray, mask: np.ndarray | None) -> tuple[float, float]:
    """(lowest, highest) of what is finite, 0 among them; without a copy where all is."""
    low, high = float(answers.min(initial=0.0)), float(answers.max(initial=0.0))
    if np.isfinite([low, high]).all() and (mask is None or not mask.any()):
        return low, high
    known = np.isfinite(answers)
    if mask is not None:
        known &= ~mask
    return (
        float(answers.min(initial=0.0, where=known)),
        float(answers.max(initial=0.0, where=known)),
    )


def _shares_one(values: np.ndarray) -> bool:
    """Whether they sum to 1 along some axis of a sample."""
    sums = (
        np.nansum(values, axis=axis) for axis in range(1, values.ndim) if values.shape[axis] > 1
    )
    return any(bool(np.mean(np.abs(one - 1) < 2e-3) > 0.99) for one in sums)
