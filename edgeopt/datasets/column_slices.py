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
        own, source: of m contributions. columns: name -> [m]. groups: [m] or None.
        part: "choose" or "confirm".
    """
    return tuple(
        _by(metric, own, source, name, values, groups, part, max_drop)
        for name, values in columns.items()
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
    every = [(str(value), np.flatnonzero(values == value)) for value in np.unique(values)]
    found = [(_lost(metric, own, source, rows), rows, value) for value, rows in every]
    found.sort(key=_worst_first)
    decides = (
        i for i, (lost, rows, _) in enumerate(found)
        if lost is not None and len(rows) >= LEAST_TO_DECIDE
    )  # fmt: skip
    kept = max(KEPT, next(decides, 0) + 1)
    effects = []
    for _, rows, value in found[:kept]:
        some = None if groups is None else groups[rows]
        both = (Subset(own, rows), Subset(source, rows))
        effects.append(_effect(metric, *both, value, some, part, max_drop))
    return Slices(by=name, part=part, count=len(found), worst=tuple(effects))


def _lost(
    metric: TaskMetric, own: Contributions, source: Contributions, rows: np.ndarray
) -> float | None:
    """What `Drop.judged` of these would be, without an interval; None where it is not defined."""
    before, after = Subset(source, rows).value(), Subset(own, rows).value()
    lost = before - after if metric.higher_is_better else after - before
    if not np.isfinite(lost):
        return None
    return lost / before if not metric.measure.points and before > 0 else lost


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


def _worst_first(one: tuple[float | None, np.ndarray, str]) -> tuple[bool, float, int]:
    lost, rows, _ = one
    return (lost is None, -(lost or 0.0), -len(rows))
