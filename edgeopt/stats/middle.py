"""The middle half of a sample: what is left when its tails are set aside."""

from __future__ import annotations

from collections.abc import Sequence


def middle_half(values: Sequence[float]) -> list[int]:
    """Positions of the values between the quartiles, at least one; in their own order.

    Where several figures were taken in the same runs (the operators of an inference), a mean over
    these runs keeps them additive, which medians of each are not, and is not moved by the runs
    that were disturbed.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("there are no values to take the middle of")
    ordered = sorted(range(len(values)), key=lambda i: values[i])
    cut = len(values) // 4
    return sorted(ordered[cut : len(values) - cut])
