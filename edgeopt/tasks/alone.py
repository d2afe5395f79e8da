"""Each sample judged by itself, and how far two models' answers to it lie apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeopt.tasks.contributions import Contributions, Floats, Sums
from edgeopt.tasks.task import Judged, Measure, Task


def distances(task: Task[Any, Any, Any], source: Any, other: Any, measure: Measure) -> Floats:
    """How far the answers to each of n samples lie apart, [n], by the task's own judging.

    Each model's answers are judged with the other's as the truth, and the worse of the two counts:
    what one model finds beside all that the other finds is seen from that side alone. 0 where they
    are the same; otherwise in the measure's unit.

    Only what is sure enough to be shown is compared, where the task says what that is
    (`task.shown(answers)`): an object whose score fell from 0.9 to 0.1 is lost to people.

    Args:
        source, other: answers to the same samples.

    Raises:
        KeyError: the measure is none of answers that are judged by a model's.
    """
    shown = getattr(task, "shown", None)
    if shown is not None:
        source, other = shown(source), shown(other)
    found = np.maximum(
        _one_way(task, other, source, measure), _one_way(task, source, other, measure)
    )
    return np.maximum(found, 0.0)


def _one_way(task: Task[Any, Any, Any], answers: Any, others: Any, measure: Measure) -> Floats:
    """What is missing in each sample to the score of `others` themselves; 0 where undefined."""
    truths = task.truths_of(others)
    own = alone(task.judged(answers, truths), measure.name)
    best: Floats | float
    if measure.higher_is_better and not measure.points:  # decibels, say
        best = alone(task.judged(others, truths), measure.name)
    else:
        best = 1.0 if measure.higher_is_better else 0.0
    return np.nan_to_num(best - own if measure.higher_is_better else own - best)


def alone(judged: Judged, measure: str) -> Floats:
    """[n]: the measure of each sample by itself; nan where it is not defined.

    By the judged answers' own `alone` where they have one, which is faster.

    Raises:
        KeyError: there is no such measure.
    """
    own = getattr(judged, "alone", None)
    return np.asarray(own(measure)) if own else each_alone(judged.contributions(measure))


def each_alone(contributions: Contributions) -> Floats:
    """[n]: the value of each sample by itself."""
    if isinstance(contributions, Sums):
        return np.array([contributions.combine(row) for row in contributions.columns], np.float64)
    weights = np.zeros(len(contributions))
    found = np.empty(len(contributions))
    for i in range(len(found)):
        weights[i] = 1
        found[i] = contributions.value(weights)
        weights[i] = 0
    return found
