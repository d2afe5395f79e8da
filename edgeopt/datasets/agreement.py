"""Agreement with the source model, where there are no labels or where it is asked for."""

from __future__ import annotations

import functools

import numpy as np

from edgeopt.datasets import answers, statistics
from edgeopt.datasets.metric import Columns, Metric, proportion


def agreement(name: str, about: str, source_outputs: np.ndarray) -> Metric:
    """What agreement means depends on what the source answers."""
    if source_outputs.dtype.kind in "biu":
        about = "share of samples answered exactly as by the source model"
        return proportion(
            name, about, functools.partial(answers.exact_hits, metric=name), against="source"
        )
    if not answers.is_row(source_outputs):
        return _determination(name)
    scores = answers.class_scores(source_outputs, name)
    yes_above = answers.threshold(scores)
    if scores.shape[1] == 1 and yes_above == 0:
        return _determination(name)
    if scores.shape[1] == 1:
        about = "share of samples on the same side of 0.5 as the source model's answer"
    else:
        about = "share of samples whose best class is the source model's best class"

    def hits(outputs: np.ndarray, source: np.ndarray) -> np.ndarray:
        both = (answers.class_scores(each, name) for each in (outputs, source))
        return np.equal(*(answers.predicted(each, yes_above) for each in both))

    return proportion(name, about, hits, against="source")


def _determination(name: str) -> Metric:
    """R2 as scikit-learn's `r2_score(multioutput="variance_weighted")`."""

    def columns(outputs: np.ndarray, source: np.ndarray) -> Columns:
        answers.same_size(outputs, source, name)
        truths = answers.values(source)
        errors = np.square(truths - answers.values(outputs)).sum(axis=1)
        return errors, np.square(truths - truths.mean(axis=0)).sum(axis=1)

    return Metric(
        name,
        "coefficient of determination (R2) of the answers against the source model's",
        columns=columns,
        combine=statistics.determination,
        against="source",
    )
