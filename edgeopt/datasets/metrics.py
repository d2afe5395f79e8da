"""Metrics by name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from edgeopt.datasets import answers, classification, function, statistics
from edgeopt.datasets.advice import did_you_mean
from edgeopt.datasets.agreement import agreement
from edgeopt.datasets.metric import (
    AGREEMENT,
    Columns,
    Metric,
    needs_labels,
    proportion,
)
from edgeopt.datasets.own_metric import own_metric
from edgeopt.datasets.places import unanswered
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener, silent
from edgeopt.tasks import known


def require_metric(name: str) -> None:
    """Refuses a name that `metric` would refuse, before anything is run.

    Raises:
        BadInput: unknown, or a function that cannot be imported.
    """
    if function.is_reference(name):
        function.resolve(name)
    elif name not in METRICS:
        raise _unknown(name, tuple(METRICS))


def require_known(name: str) -> None:
    """Refuses a name that is neither a metric nor a measure of a task.

    Raises:
        BadInput: as `require_metric`.
    """
    every = (*METRICS, *(one for names in known.measures().values() for one in names))
    if function.is_reference(name):
        function.resolve(name)
    elif name not in every:
        raise _unknown(name, tuple(dict.fromkeys(every)))


def _unknown(name: str, names: tuple[str, ...]) -> BadInput:
    return BadInput(
        f"unknown metric '{name}'{did_you_mean(name, names)}",
        function.meant(name) or f"There are {', '.join(names)}, and your own as module:function.",
    )


def metric(
    name: str | None,
    labels: np.ndarray | None,
    source_outputs: np.ndarray,
    batch_axis: int | None = None,
    tell: Listener = silent,
) -> Metric:
    """The metric to judge by, tried on the source's own outputs.

    Whether single scores are probabilities, and what agreement means, is decided by the
    source's outputs once, so that candidates are all judged alike.

    Args:
        name: of `METRICS`, `module:function` (`own_metric`), or None: accuracy where the labels
            are classes, agreement where there are none.
        labels: [n, ...] or None. source_outputs: [n, *output shape].
        batch_axis: of the output's shape, which one's own function is not given.
        tell: told what a function of one's own takes.

    Raises:
        BadInput: unknown name, labels missing or unfit, or the source's answers are not finite.
    """
    name = name or _default(labels)
    require_metric(name)
    if name != AGREEMENT and labels is None:
        raise needs_labels(name)
    nan = unanswered if name == AGREEMENT else np.isnan  # agreement can leave out a mask
    if nan(source_outputs).any():
        raise BadInput(
            "the source model answers NaN", "Check the data's preprocessing and the model."
        )
    if function.is_reference(name):
        assert labels is not None
        found = own_metric(name, source_outputs, labels, batch_axis, tell)
    elif name == AGREEMENT:
        found = agreement(name, METRICS[name].about, source_outputs, labels)
    else:
        found = METRICS[name].build(name, METRICS[name].about, source_outputs)
    value = found.value(source_outputs, found.truths(labels, source_outputs))
    if not np.isfinite(value):
        raise BadInput(f"{name} of the source model is {value}", answers.OWN_METRIC)
    return found


def _default(labels: np.ndarray | None) -> str:
    if labels is None:
        return AGREEMENT
    if labels.dtype.kind in "biu":
        return "accuracy"
    raise BadInput(
        "the labels are no class numbers, so the metric must be named",
        f"Add --metric with one of {', '.join(METRICS)}.",
    )


def _error(name: str, about: str, source_outputs: np.ndarray) -> Metric:
    """Mean absolute or squared error over all values, as scikit-learn's uniform average."""
    size = np.abs if name == "mae" else np.square

    def columns(outputs: np.ndarray, labels: np.ndarray) -> Columns:
        answers.same_size(outputs, labels, name)
        return (size(answers.values(outputs) - answers.values(labels)).mean(axis=1),)

    return Metric(name, about, columns, statistics.mean, higher_is_better=False)


def _correlation(name: str, about: str, source_outputs: np.ndarray) -> Metric:
    def columns(outputs: np.ndarray, labels: np.ndarray) -> Columns:
        answers.same_size(outputs, labels, name)
        if outputs[0].size != 1:
            raise BadInput(
                f"{name} needs one value for each sample, but the output has {outputs[0].size}",
                answers.OWN_METRIC,
            )
        truths = answers.values(labels)[:, 0]
        if np.ptp(truths) == 0:
            raise BadInput(f"{name} needs labels that differ, but all are {truths[0]:g}")
        return answers.values(outputs)[:, 0], truths

    quick = statistics.pearson if name == "pearson" else statistics.spearman

    def library(found: np.ndarray, truths: np.ndarray) -> float:
        from scipy import stats

        if np.ptp(found) == 0:
            return quick(found, truths)
        correlate = stats.pearsonr if name == "pearson" else stats.spearmanr
        return float(correlate(found, truths).statistic)

    return Metric(name, about, columns, quick, library)


def _exact_match(name: str, about: str, source_outputs: np.ndarray) -> Metric:
    return proportion(name, about, functools.partial(answers.exact_hits, metric=name))


class Entry(NamedTuple):
    """A row of the table. `build` takes the name, `about` and the source's outputs."""

    about: str
    build: Callable[[str, str, np.ndarray], Metric]


METRICS: dict[str, Entry] = {
    "accuracy": Entry("share of samples whose best class is the label", classification.accuracy),
    "top5": Entry(
        "share of samples with the label among the five best classes", classification.top5
    ),
    "f1": Entry(
        "F1 score: of class 1 where there are two classes, else the mean of all classes'",
        classification.f1,
    ),
    "roc-auc": Entry(
        "area under the ROC curve; with more than two classes the mean of one against the rest",
        classification.roc_auc,
    ),
    "mae": Entry("mean absolute error (lower is better)", _error),
    "mse": Entry("mean squared error (lower is better)", _error),
    "pearson": Entry("Pearson's correlation with the labels", _correlation),
    "spearman": Entry("Spearman's rank correlation with the labels", _correlation),
    "exact-match": Entry("share of samples whose whole answer equals the labels", _exact_match),
    AGREEMENT: Entry("agreement with the source model's own answers; needs no labels", agreement),
}
