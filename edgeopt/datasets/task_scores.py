"""Scores and drops of what samples contribute to a task's measure; as `scores` of a metric."""

from __future__ import annotations

import numpy as np

from edgeopt.datasets.intervals import (
    Interval,
    Statistic,
    count_groups,
    independent,
    interval_of,
    of_count_differences,
    of_counts,
)
from edgeopt.datasets.task_metric import TaskMetric
from edgeopt.domain.errors import StepFailed
from edgeopt.domain.score import Drop, Score, settled
from edgeopt.tasks.contributions import Contributions, statistic


def score(
    metric: TaskMetric,
    own: Contributions,
    groups: np.ndarray | None,
    part: str,
    alike: int | None = None,
) -> Score:
    """The measure's value, with its interval.

    Args:
        own: of the answers. groups: [m] or None, of what contributes.
        part: "choose" or "confirm". alike: groups that samples seem to be of.

    Raises:
        StepFailed: it is not defined on these answers.
    """
    value = _value(metric, own)
    interval = interval_of(metric, statistic(own), value, groups, len(own), None)
    if metric.counting:
        units = independent(len(own), groups)
        interval = of_counts(interval, value, units, metric.higher_is_better)
    return Score(
        metric=metric.name,
        value=value,
        low=interval.known[0],
        high=interval.known[1],
        interval=interval.method,
        why_null=interval.why_null,
        n=len(own),
        part=part,
        groups=count_groups(groups),
        alike=alike,
    )


def drop(
    metric: TaskMetric,
    own: Contributions,
    source: Contributions,
    groups: np.ndarray | None,
    max_drop: float,
    alike: np.ndarray | None = None,
) -> Drop:
    """How much worse than the source on the same samples, with its interval.

    Both have the same weights in every resample. A measure in points (within 0..1) is judged by
    its difference; one in another unit by the difference as a share of the source's value.

    Args:
        alike: [m], as in `scores.drop`.

    Raises:
        StepFailed: it is not defined on these answers.
    """
    before, after = _value(metric, source), _value(metric, own)
    sign = 1.0 if metric.higher_is_better else -1.0
    value = sign * (before - after)
    interval = _interval(metric, _weighted(source, own, sign, -sign), value, groups, len(own))
    relative, tested, limit = None, interval, max_drop
    if not metric.measure.points and before > 0:
        relative = value / before
        excess = _weighted(source, own, sign - max_drop, -sign)  # the drop beyond what is allowed
        beyond = excess(np.arange(len(own)))
        tested, limit = _interval(metric, excess, beyond, groups, len(own)), 0.0
    bound = None
    if not interval.why_null:
        bound = interval.at_most(value) / (1.0 if relative is None else before)
    return Drop(
        value=value,
        low=interval.known[0],
        high=interval.known[1],
        interval=interval.method,
        why_null=interval.why_null,
        n=len(own),
        resolved=settled(
            tested.low,
            tested.high,
            limit,
            len(own),
            count_groups(groups if groups is not None else alike),
        ),
        relative=relative,
        bound=bound,
        bound_by="" if bound is None else "interval",
    )


def _interval(
    metric: TaskMetric, of: Statistic, value: float, groups: np.ndarray | None, n: int
) -> Interval:
    interval = interval_of(metric, of, value, groups, n, None)
    if not metric.counting:
        return interval
    return of_count_differences(interval, value, independent(n, groups))


def _weighted(
    source: Contributions, own: Contributions, of_source: float, of_own: float
) -> Statistic:
    count = len(own)
    if len(source) != count:
        raise ValueError(f"paired samples wanted, got {len(source)} and {count}")

    def between(indices: np.ndarray) -> float:
        weights = np.bincount(indices, minlength=count)
        return of_source * source.value(weights) + of_own * own.value(weights)

    return between


def _value(metric: TaskMetric, own: Contributions) -> float:
    value = own.value()
    if not np.isfinite(value):
        raise StepFailed("failed-parity", f"the {metric.name} of its answers is {value}")
    return value
