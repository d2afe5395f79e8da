"""Whether an output is certain to hold scores of classes, by the source's own answers.

A wrong reading as values is only stricter than need be. A wrong reading as classes says of a vector
of coordinates that it is "class 457". So classes are read where they are certain, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.datasets import answers
from edgeopt.datasets.logits import evidence
from edgeopt.datasets.places import masked, without_masks
from edgeopt.stats.proportion import wilson

#: Fewer rows show no structure.
FEWEST_ROWS = 10

#: Of the columns' means over their spread: 0.1 to 0.5 for logits, 3 and more for coordinates.
MOST_BETWEEN = 1.0

#: Between the spreads of columns, the ninth tenth over the first: 1.1 to 2.1 for logits.
MOST_UNLIKE = 8.0

#: Of 0 to 1, what a probability covers that says yes to some samples and no to others.
LEAST_SPAN = 0.5

#: A share of samples with the same best column above which best columns do not vary.
MOST_OF_ONE = 0.95

#: So near 0 or 1 a probability is sure, and so many of a classifier's are: of values that fill
#: 0 to 1 evenly a fifth is.
SURE, MOSTLY_SURE = 0.1, 0.3


@dataclass(frozen=True)
class Reading:
    """What an output is read as. `why` continues "because"."""

    classes: bool
    why: str


def read(outputs: np.ndarray, labels: np.ndarray | None = None) -> Reading:
    """How the source's answers are read where agreement with them is asked for.

    Args:
        outputs: the source's, [n, *output shape], floats. labels: the data's or None.
    """
    if not answers.is_row(outputs):
        return Reading(False, "the output has more than one axis")
    rows = outputs.reshape(len(outputs), -1)
    if np.isnan(rows).any():
        return Reading(False, "it holds NaN")
    if _met_by(rows, labels):
        return Reading(True, "the labels are its class numbers")
    if rows.shape[1] == 1:
        return _of_one(rows[:, 0])
    if rows.min() >= -1e-6 and np.allclose(rows.sum(axis=1), 1, atol=2e-3):
        return Reading(True, "each row is at least 0 and sums to 1")
    if rows.max() <= 1e-6 and np.allclose(np.exp(rows.astype(float)).sum(axis=1), 1, atol=2e-3):
        return Reading(True, "each row holds the logarithms of shares of 1")
    if _one_of_many(rows):
        return Reading(True, "in each row one column alone is above 0.5")
    reason = _no_logits(rows)
    return Reading(not reason, reason or "its rows are like logits")


def _met_by(rows: np.ndarray, labels: np.ndarray | None) -> bool:
    """Whether the labels are class numbers that the best columns meet better than chance."""
    if labels is None or labels.size != len(labels) or labels.dtype.kind not in "biu":
        return False
    truths = labels.reshape(-1).astype(np.int64)
    if truths.min() < 0 or truths.max() >= max(2, rows.shape[1]):
        return False
    found = answers.predicted(rows, answers.threshold(rows))
    low, _ = wilson(int((found == truths).sum()), len(truths))
    return low > float(np.bincount(truths).max()) / len(truths)


def _of_one(scores: np.ndarray) -> Reading:
    """One score for each sample: a probability where it goes from no to yes."""
    if scores.min() < 0 or scores.max() > 1:
        return Reading(False, "one value for each sample is no probability outside 0 to 1")
    if not scores.min() < 0.5 < scores.max() or np.ptp(scores) < LEAST_SPAN:
        return Reading(False, "its values do not go from clearly no to clearly yes")
    if np.mean((scores < SURE) | (scores > 1 - SURE)) < MOSTLY_SURE:
        return Reading(False, "its values lie within 0 to 1, but few are near no or yes")
    return Reading(True, "its values lie within 0 to 1, and many are near no or yes")


def _one_of_many(rows: np.ndarray) -> bool:
    """Sigmoid scores of classes that exclude each other."""
    if rows.min() < 0 or rows.max() > 1:
        return False
    varies = len(np.unique(rows.argmax(axis=1))) > 1
    return varies and float(np.mean((rows > 0.5).sum(axis=1) == 1)) >= 0.9


def _no_logits(rows: np.ndarray) -> str:
    """Why rows are not certain to be logits, "" where they are."""
    values = without_masks(rows, rows, masked(rows))
    values = values[:, np.isfinite(values).all(axis=0)]
    if len(values) < FEWEST_ROWS or values.shape[1] < 2:
        return f"{len(values)} samples are too few to tell classes from values"
    best = np.argmax(values, axis=1)
    if np.bincount(best).max() > MOST_OF_ONE * len(best):
        return "the same column is the largest in nearly all samples"
    spreads, means = values.std(axis=0), values.mean(axis=0)
    within = float(np.sqrt(np.mean(spreads**2)))
    if means.std() > MOST_BETWEEN * within:
        return "each column keeps near a mean of its own, as coordinates do"
    low, high = np.percentile(spreads, [10, 90])
    if high > MOST_UNLIKE * low:
        return "its columns differ in scale"
    if values.min() >= 0:
        return "it has no negative values and its rows do not sum to 1"
    return evidence(values)
