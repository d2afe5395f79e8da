"""Statistics of columns of per-sample quantities, quick enough for thousands of resamples.

scikit-learn and scipy give the value that is printed; their checks make one call take
milliseconds, so resamples are taken with these, which tests hold equal to them. Each returns
nan where it is not defined, such as for a resample without one of the classes.
"""

from __future__ import annotations

import numpy as np


def mean(column: np.ndarray) -> float:
    """Mean of [n]."""
    return float(column.mean())


def f1(true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """F1 of each class that occurs: int[n], int[n] -> float[classes], nan for the others."""
    k = int(max(true.max(), predicted.max())) + 1
    confusion = np.bincount(true * k + predicted, minlength=k * k).reshape(k, k)
    either = confusion.sum(axis=0) + confusion.sum(axis=1)
    with np.errstate(invalid="ignore"):
        scores: np.ndarray = 2 * confusion.diagonal() / either
    return scores


def macro_f1(true: np.ndarray, predicted: np.ndarray) -> float:
    """Mean of the classes' F1."""
    return float(np.nanmean(f1(true, predicted)))


def binary_f1(true: np.ndarray, predicted: np.ndarray) -> float:
    """F1 of class 1; nan where no sample is, or is called, of it."""
    scores = f1(true, predicted)
    return float(scores[1]) if len(scores) > 1 else np.nan


def ranks(column: np.ndarray) -> np.ndarray:
    """float[n]: 1 for the smallest of [n]; equal ones share the mean of their ranks."""
    _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
    shared: np.ndarray = np.cumsum(counts) - (counts - 1) / 2
    return shared[place]


def roc_auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Mean over the columns of [n, k] of the area under the ROC curve (Mann-Whitney's U)."""
    areas = []
    for column, is_class in zip(scores.T, positive.T, strict=True):
        n_positive = int(is_class.sum())
        pairs = n_positive * (len(is_class) - n_positive)
        if pairs:
            above = ranks(column)[is_class].sum() - n_positive * (n_positive + 1) / 2
            areas.append(above / pairs)
    return float(np.mean(areas)) if areas else np.nan


def pearson(answers: np.ndarray, truths: np.ndarray) -> float:
    """Correlation of [n] with [n]; 0 where the answers are all the same: they say nothing."""
    a, t = answers - answers.mean(), truths - truths.mean()
    spread = np.sqrt((a @ a) * (t @ t))
    if spread > 0:
        return float(a @ t / spread)
    return 0.0 if np.ptp(truths) > 0 else np.nan


def spearman(answers: np.ndarray, truths: np.ndarray) -> float:
    """Correlation of the ranks; 0 where the answers are all the same."""
    return pearson(ranks(answers), ranks(truths))


def determination(errors: np.ndarray, spreads: np.ndarray) -> float:
    """R2 from each sample's squared error and squared distance from the mean.

    Where the truths are all the same: 1 without error, else 0 (scikit-learn's convention).
    """
    error, spread = float(errors.sum()), float(spreads.sum())
    if spread > 0:
        return 1 - error / spread
    return 1.0 if error == 0 else 0.0


def worst_determination(errors: np.ndarray, spreads: np.ndarray) -> float:
    """The least R2 of the columns of [n, parts]."""
    return min(determination(e, s) for e, s in zip(errors.T, spreads.T, strict=True))
