"""Scores by slices of the data: who pays for what a candidate loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from edgeopt.datasets import scores
from edgeopt.datasets.advice import did_you_mean, quoted
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.samples import GROUPS, Samples
from edgeopt.domain.effects import LEAST_TO_DECIDE, SliceEffect, Slices
from edgeopt.domain.errors import BadInput, StepFailed

CLASS = "class"
RESAMPLES = 500  # of a bootstrap: there may be a thousand slices
KEPT = 20  # of each column's slices; a column of 1,000 values would fill the record else


class Answered(NamedTuple):
    """One part with the answers of both: [n, *output shape] each, n no more than the samples."""

    samples: Samples
    own: np.ndarray
    source: np.ndarray


def slices(
    metric: Metric, answered: Answered, columns: Sequence[str], part: str, max_drop: float
) -> tuple[Slices, ...]:
    """The effect on each value of each column, worst first.

    By class always, where the metric counts samples right or wrong: the classes are the labels,
    or without labels what the source answers. Intervals are those of `scores`, of each slice by
    itself: the worst of many is partly the unluckiest.

    Args:
        columns: of the samples, or "groups". part: "choose" or "confirm".
        max_drop: what `resolved` of each drop is compared with.

    Raises:
        StepFailed: the answers cannot be scored.
    """
    values = {name: column(answered.samples, name) for name in columns}
    classes = _classes(metric, answered)
    if classes is not None:
        values = {CLASS: classes, **values}
    return tuple(
        _by(metric, answered, name, column[: len(answered.own)], part, max_drop)
        for name, column in values.items()
    )


def column(samples: Samples, name: str) -> np.ndarray:
    """A column by name, [n]: one that came with the data, or the groups.

    Raises:
        BadInput: there is none of that name.
    """
    if name == GROUPS and samples.groups is not None:
        return samples.groups
    if name not in samples.columns:
        known = [*samples.columns, *([GROUPS] if samples.groups is not None else [])]
        raise BadInput(
            f"{samples.origin}: there is no column '{name}' to slice by{did_you_mean(name, known)}",
            f"It has {quoted(known)}." if known else "Give an array of that name, one value each.",
        )
    return samples.columns[name]


def _classes(metric: Metric, answered: Answered) -> np.ndarray | None:
    """int[n], or None where the data has no classes that the metric could be split by."""
    if not metric.proportion:
        return None
    labels = answered.samples.labels
    if labels is not None:
        return labels if labels.ndim == 1 and labels.dtype.kind in "biu" else None
    rows = answered.source.reshape(len(answered.source), -1)
    if answered.source.dtype.kind != "f" or rows.shape[1] < 2:
        return None
    return rows.argmax(axis=1)


def _by(
    metric: Metric, answered: Answered, name: str, column: np.ndarray, part: str, max_drop: float
) -> Slices:
    found = []
    for value in np.unique(column):
        where = np.flatnonzero(column == value)
        found.append((_loss(metric, answered, where), where, str(value)))
    found.sort(key=lambda one: _worst_first(one[0], len(one[1])))
    decide = (i for i, (loss, where, _) in enumerate(found) if _decides(loss, len(where)))
    kept = max(KEPT, next(decide, 0) + 1)
    quick = replace(metric, resamples=min(metric.resamples, RESAMPLES))
    worst = [_effect(quick, answered, *one[1:], part, max_drop) for one in found[:kept]]
    return Slices(by=name, part=part, count=len(found), worst=tuple(worst))


def _loss(metric: Metric, answered: Answered, where: np.ndarray) -> float | None:
    """What `Drop.judged` of these samples is, without an interval; None where there is none."""
    labels = answered.samples.labels
    own, theirs = answered.own[where], answered.source[where]
    try:
        truths = metric.truths(None if labels is None else labels[where], theirs)
        before, after = metric.value(theirs, truths), metric.value(own, truths)
    except (BadInput, StepFailed):
        return None
    lost = before - after if metric.higher_is_better else after - before
    if not np.isfinite(lost):
        return None
    return lost / before if not metric.higher_is_better and before > 0 else lost


def _decides(loss: float | None, n: int) -> bool:
    return loss is not None and n >= LEAST_TO_DECIDE


def _worst_first(loss: float | None, n: int) -> tuple[bool, float, int]:
    """Those without a loss last; of equal losses the larger slice first."""
    return (loss is None, -(loss or 0.0), -n)


def _effect(
    metric: Metric, answered: Answered, where: np.ndarray, value: str, part: str, max_drop: float
) -> SliceEffect:
    samples = answered.samples.take(where)
    own, theirs = answered.own[where], answered.source[where]
    source = score = drop = None
    why = ""
    try:
        truths = metric.truths(samples.labels, theirs)
        source = scores.score(metric, theirs, truths, samples.groups, part)
        score = scores.score(metric, own, truths, samples.groups, part)
        drop = scores.drop(metric, own, theirs, samples.labels, samples.groups, max_drop)
    except (BadInput, StepFailed) as error:
        source, score, why = None, None, str(error.args[0])
    return SliceEffect(
        value=value, n=len(where), source=source, score=score, drop=drop, why_null=why
    )
