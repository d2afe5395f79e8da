"""95 % intervals of what a metric gives, by closed form and by resampling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from edgeopt.datasets.metric import Judged
from edgeopt.domain.errors import BadInput
from edgeopt.stats.bootstrap import of_few, paired_bootstrap
from edgeopt.stats.proportion import paired_difference, reach, wilson
from edgeopt.stats.subsampling import half_samples

Statistic = Callable[[np.ndarray], float]

#: Of what a two-sided 95 % interval reaches above its value, what nineteen cases of twenty stay
#: below. Of a normal distribution; of Student's t with few units it is less, so that this is wide.
ONE_SIDE = reach(0.90) / reach(0.95)


@dataclass(frozen=True)
class Interval:
    """low..high and the method that gave it; infinite bounds and `why_null` where none did."""

    low: float
    high: float
    method: str
    why_null: str = ""

    @property
    def known(self) -> tuple[float, float] | tuple[None, None]:
        """The bounds as they are kept."""
        return (None, None) if self.why_null else (self.low, self.high)

    def at_most(self, value: float) -> float:
        """What the true value is below in nineteen cases of twenty: one side of the interval."""
        return value + ONE_SIDE * (self.high - value)

    def wider_with(self, other: Interval) -> Interval:
        """Both together."""
        method = f"wider of {self.method} and {other.method}"
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Interval(low, high, method, self.why_null or other.why_null)

    def around(self, value: float, below: float = 0.0, above: float = 0.0) -> Interval:
        """Holds the value, and at least so much below and above it."""
        return replace(self, low=min(self.low, value - below), high=max(self.high, value + above))


def interval_of(
    metric: Judged,
    statistic: Statistic,
    value: float,
    groups: np.ndarray | None,
    n: int,
    closed: Interval | None,
) -> Interval:
    """The closed form where there is one, else a bootstrap; groups can only make it wider.

    Args:
        closed: of as many samples as there are groups, where there are groups.
    """
    interval = closed or _bootstrap(metric, statistic, value, n, None)
    if groups is not None:
        interval = interval.wider_with(_bootstrap(metric, statistic, value, n, groups))
    return interval.around(value)


def _bootstrap(
    metric: Judged, statistic: Statistic, value: float, n: int, groups: np.ndarray | None
) -> Interval:
    if metric.resampling != "bootstrap":
        return _halves(metric, statistic, value, n, groups)
    method = "bootstrap" if groups is None else "bootstrap of groups"
    if not can_vary(n, groups):
        return Interval(value, value, f"{method} (of one, without width)")
    statistic = _Tolerant(statistic)
    try:
        low, high = paired_bootstrap(statistic, n, groups, metric.resamples)
    except ValueError as error:
        return _none(f"{error}{statistic.told}")
    few = of_few(independent(n, groups))
    return Interval(value - few * (value - low), value + few * (high - value), method)


def _halves(
    metric: Judged, statistic: Statistic, value: float, n: int, groups: np.ndarray | None
) -> Interval:
    """Of a metric whose samples may not be repeated, or that gets no interval."""
    if metric.resampling == "none":
        return _none(metric.why_no_interval)
    statistic = _Tolerant(statistic)
    try:
        low, high = half_samples(statistic, value, n, groups, metric.resamples)
    except ValueError as error:
        return _none(f"{error}{statistic.told}")
    return Interval(low, high, "half-samples" if groups is None else "half-samples of groups")


def _none(why: str) -> Interval:
    return Interval(-np.inf, np.inf, "", why)


class _Tolerant:
    """A statistic that is nan where the user's function fails: a half may lack a whole class."""

    def __init__(self, statistic: Statistic) -> None:
        self._statistic = statistic
        self.told = ""

    def __call__(self, indices: np.ndarray) -> float:
        try:
            return self._statistic(indices)
        except BadInput as error:
            self.told = f" ({error.args[0]})"
            return float("nan")


def can_vary(n: int, groups: np.ndarray | None) -> bool:
    """Whether there is more than one sample or group, so that a resample can differ."""
    return (count_groups(groups) or n) > 1


def count_groups(groups: np.ndarray | None) -> int | None:
    """How many groups there are; None where each sample is its own."""
    return None if groups is None else len(np.unique(groups))


def independent(n: int, groups: np.ndarray | None) -> int:
    """How many of n samples are independent: as many as there are groups."""
    return count_groups(groups) or n


def agreement_reach(n: int) -> float:
    """How far below 1 a proportion may truly be when all n samples were right."""
    return 1 - wilson(n, n)[0]


def difference_reach(n: int) -> float:
    """How far from 0 a difference may truly be when n samples showed none."""
    return paired_difference(n, 0, 0)[1]


def of_counts(interval: Interval, value: float, units: int, higher_is_better: bool) -> Interval:
    """A score's interval where samples are counted: answers that are all right, or all equal, give
    a resampling no width, and so many of them have one. Within 0..1.

    Args:
        units: independent samples.
    """
    reach = agreement_reach(units)
    below, above = (reach, 0.0) if higher_is_better else (0.0, reach)
    interval = interval.around(value, below, above)
    return replace(interval, low=max(0.0, interval.low), high=min(1.0, interval.high))


def of_count_differences(interval: Interval, value: float, units: int) -> Interval:
    """The same of a drop: the width that resampled equal answers lack."""
    reach = difference_reach(units)
    return interval.around(value, reach, reach)
