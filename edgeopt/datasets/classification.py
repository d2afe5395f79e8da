"""Metrics of classifiers: accuracy, top5, F1, ROC AUC. Labels are class numbers [n]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeopt.datasets import answers, statistics
from edgeopt.datasets.metric import RESAMPLES, RESAMPLES_SLOW, Columns, Metric, proportion
from edgeopt.domain.errors import BadInput


def accuracy(name: str, about: str, source_outputs: np.ndarray) -> Metric:
    """The share of right classes; ties go to the lower class."""
    classify = _classifier(name, source_outputs)
    return proportion(name, about, lambda outputs, labels: np.equal(*classify(outputs, labels)))


def _classifier(
    name: str, source_outputs: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(outputs, labels) -> (labels, predicted classes), both int[n]."""
    scores = answers.class_scores(source_outputs, name)
    classes, yes_above = max(2, scores.shape[1]), answers.threshold(scores)

    def classify(outputs: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = answers.predicted(answers.class_scores(outputs, name), yes_above)
        return answers.class_labels(labels, classes, name), found

    return classify


def top5(name: str, about: str, source_outputs: np.ndarray) -> Metric:
    """The share of labels among the five best classes."""
    classes = answers.class_scores(source_outputs, name).shape[1]
    if classes <= 5:
        raise BadInput(
            f"{name} needs more than five classes, but the model has {classes}",
            "Use --metric accuracy.",
        )

    def hits(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Of equal scores the lower class goes first, as in argmax."""
        scores = answers.class_scores(outputs, name)
        label = answers.class_labels(labels, classes, name)[:, None]
        own = np.take_along_axis(scores, label, axis=1)
        before = (scores > own) | ((scores == own) & (np.arange(classes) < label))
        return before.sum(axis=1) < 5

    return proportion(name, about, hits)


def f1(name: str, about: str, source_outputs: np.ndarray) -> Metric:
    """F1 of class 1 where the model has one or two columns, else the classes' mean."""
    binary = answers.class_scores(source_outputs, name).shape[1] <= 2

    def library(labels: np.ndarray, predicted: np.ndarray) -> float:
        from sklearn.metrics import f1_score

        average = "binary" if binary else "macro"
        return float(f1_score(labels, predicted, average=average, zero_division=0))

    return Metric(
        name,
        about,
        columns=_classifier(name, source_outputs),
        combine=statistics.binary_f1 if binary else statistics.macro_f1,
        library=library,
        counting=True,
    )


def roc_auc(name: str, about: str, source_outputs: np.ndarray) -> Metric:
    """Ranks samples by their scores; columns that are no probabilities go through softmax."""
    source_scores = answers.class_scores(source_outputs, name)
    classes = source_scores.shape[1]
    probabilities = source_scores.min() >= 0 and np.allclose(
        source_scores.sum(axis=1), 1, atol=1e-3
    )

    def columns(outputs: np.ndarray, labels: np.ndarray) -> Columns:
        """(scores [n, k], whether it is the sample's class [n, k]); k is 1 for two classes."""
        scores = answers.class_scores(outputs, name).astype(np.float64)
        label = answers.class_labels(labels, max(2, classes), name)
        found = np.unique(label)
        if len(found) < 2:
            raise BadInput(f"{name} needs samples of two classes, but all labels are {found[0]}")
        if classes <= 2:
            # The difference ranks as the probability does, for probabilities and for logits.
            return scores[:, -1:] - (scores[:, :1] if classes == 2 else 0), label[:, None] == 1
        if not probabilities:
            scores = _softmax(scores)
        return scores[:, found], label[:, None] == found

    def library(scores: np.ndarray, positive: np.ndarray) -> float:
        from sklearn.metrics import roc_auc_score

        each = [roc_auc_score(p, s) for s, p in zip(scores.T, positive.T, strict=True)]
        return float(np.mean(each))

    return Metric(
        name,
        about,
        columns=columns,
        combine=statistics.roc_auc,
        library=library,
        counting=True,
        resamples=RESAMPLES if classes <= 2 else RESAMPLES_SLOW,
    )


def _softmax(logits: np.ndarray) -> np.ndarray:
    from scipy.special import softmax

    probabilities: np.ndarray = softmax(logits, axis=1)
    return probabilities
