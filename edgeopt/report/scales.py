"""Axes: from a value to a place on the page, and the round numbers along the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LOG_ABOVE = 5.0
"""A range of positive values that spans more than this many times is drawn on a log scale."""

_LOG_STEPS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 4, 5, 6, 8))


@dataclass(frozen=True)
class Scale:
    """Values `low` to `high` drawn from the place `start` to the place `end`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value; one outside the range is drawn at the edge."""
        value = min(max(value, self.low), self.high)
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return round(self.start + (self.end - self.start) * (at - low) / (high - low), 1)

    @property
    def ticks(self) -> list[float]:
        """Round values within the range."""
        return log_ticks(self.low, self.high) if self.log else linear_ticks(self.low, self.high)


def linear_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten within low..high, about `count`."""
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def log_ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round values within low..high, the same few in each decade: at least `count` if it can."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in _LOG_STEPS:
        values = (float(f"{10.0**decade * step:.12g}") for decade in decades for step in steps)
        ticks = [value for value in values if low <= value <= high]
        if len(ticks) >= count:
            break
    return ticks


def positive_scale(values: Sequence[float], start: float, end: float) -> Scale:
    """A scale for values above 0: logarithmic where they spread far, with some air around."""
    low, high = min(values), max(values)
    if high > LOG_ABOVE * low:
        air = (high / low) ** 0.06
        return Scale(low / air, high * air, start, end, log=True)
    air = 0.06 * (high - low) or 0.1 * high
    return Scale(low - air, high + air, start, end)
