"""A task's scores by columns of the data: who pays for what a candidate loses."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeopt.datasets import task_scores
from edgeopt.datasets.slices import KEPT
from edgeopt.datasets.task_metric import TaskMetric
from edgeopt.domain.effects import LEAST_TO_DECIDE, SliceEffect, Slices
from edgeopt.domain.errors import StepFailed
from edgeopt.tasks.contributions import Contributions, Subset


def by_column(
    metric: TaskMetric,
    own: Contributions,
    source: Contributions,
    columns: Mapping[str, np.ndarray],
    groups: np.ndarray | None,
    part: str,
    max_drop: float,
) -> tuple[Slices, ...]:
    """The effect on each value of each column, worst first.

    Args:
        own, source: of n samples. columns: name -> [n]; left out where contributions are of
            something else than samples. part: "choose" or "confirm".
    """
    return tuple(
        _by(metric, own, source, name, values, groups, part, max_drop)
        for name, values in columns.items()
        if len(values) == len(own)
    )


def _by(
    metric: TaskMetric,
    own: Contributions,
    source: Contributions,
    name: str,
    values: np.ndarray,
    groups: np.ndarray | None,
    part: str,
    max_drop: float,
) -> Slices:
    found = []
    for value in np.unique(values):
        rows = np.flatnonzero(values == value)
        some = None if groups is None or len(groups) != len(values) else groups[rows]
        both = (Subset(own, rows), Subset(source, rows))
        found.append(_effect(metric, *both, str(value), some, part, max_drop))
    found.sort(key=_worst_first)
    decides = (i for i, one in enumerate(found) if one.drop and one.n >= LEAST_TO_DECIDE)
    kept = max(KEPT, next(decides, 0) + 1)
    return Slices(by=name, part=part, count=len(found), worst=tuple(found[:kept]))


def _effect(
    metric: TaskMetric,
    own: Contributions,
    source: Contributions,
    value: str,
    groups: np.ndarray | None,
    part: str,
    max_drop: float,
) -> SliceEffect:
    try:
        before = task_scores.score(metric, source, groups, part)
        after = task_scores.score(metric, own, groups, part)
        drop = task_scores.drop(metric, own, source, groups, max_drop)
    except StepFailed as error:  # not defined on so few
        why = error.reason
        return SliceEffect(
            value=value, n=len(own), source=None, score=None, drop=None, why_null=why
        )
    return SliceEffect(value=value, n=len(own), source=before, score=after, drop=drop)


def _worst_first(one: SliceEffect) -> tuple[bool, float, int]:
    return (one.drop is None, -one.drop.judged if one.drop else 0.0, -one.n)
