"""A model's answers and the labels, in the shapes that metrics compare.

Outputs are [n, *output shape], so a classifier's are often [n, 1, classes]: axes of length 1
are left out wherever the rest says what is meant.
"""

from __future__ import annotations

import numpy as np

from edgeopt.domain.errors import BadInput

OWN_METRIC = "Choose another --metric, or give your own as module:function."


def class_scores(outputs: np.ndarray, metric: str) -> np.ndarray:
    """[n, k]: one row of class scores, or one score (k = 1), for each sample.

    Raises:
        BadInput: the output has more than one axis longer than 1.
    """
    if not is_row(outputs):
        raise BadInput(
            f"{metric} needs one row of class scores for each sample, but the model's output "
            f"has shape {list(outputs.shape[1:])}",
            OWN_METRIC,
        )
    return outputs.reshape(len(outputs), -1)


def is_row(outputs: np.ndarray) -> bool:
    """Whether each sample's output is one row: at most one axis longer than 1."""
    return sum(d > 1 for d in outputs.shape[1:]) <= 1


def threshold(scores: np.ndarray) -> float:
    """Above which a single score [n, 1] says yes: 0.5 for probabilities, 0 for logits."""
    return 0.5 if scores.min() >= 0 and scores.max() <= 1 else 0.0


def predicted(scores: np.ndarray, yes_above: float) -> np.ndarray:
    """int[n]: the first best class of [n, k], or whether the only score is above `yes_above`."""
    if scores.shape[1] == 1:
        return (scores[:, 0] > yes_above).astype(np.int64)
    return scores.argmax(axis=1)


def class_labels(labels: np.ndarray, classes: int, metric: str) -> np.ndarray:
    """int[n]: labels [n] or [n, 1] as class numbers 0..classes-1.

    Raises:
        BadInput: they are something else.
    """
    flat = labels.reshape(-1) if is_row(labels) and labels.size == len(labels) else None
    if flat is None:
        raise BadInput(
            f"{metric} needs one class number for each sample, but the labels have shape "
            f"{list(labels.shape)}",
            "From one-hot labels: labels.argmax(axis=-1).",
        )
    numbers = flat.astype(np.int64)
    if not np.array_equal(numbers, flat):
        raise BadInput(f"{metric} needs class numbers, but the labels hold fractions", OWN_METRIC)
    if numbers.min() < 0 or numbers.max() >= classes:
        raise BadInput(
            f"{metric}: labels from {numbers.min()} to {numbers.max()}, but the model has "
            f"{classes} classes (0 to {classes - 1})",
            "Number the classes as the columns of the model's output, from 0.",
        )
    return numbers


def values(array: np.ndarray) -> np.ndarray:
    """float64[n, m]: all values of each sample."""
    return array.reshape(len(array), -1).astype(np.float64)


def same_size(outputs: np.ndarray, labels: np.ndarray, metric: str) -> None:
    """Refuses labels that do not have one value for each value of the output."""
    if outputs[0].size != labels[0].size:
        raise BadInput(
            f"{metric} needs a label for each value of the output, but there are "
            f"{labels[0].size} labels and {outputs[0].size} values for a sample",
            OWN_METRIC,
        )


def exact_hits(outputs: np.ndarray, labels: np.ndarray, metric: str) -> np.ndarray:
    """bool[n]: every value of the sample's answer is the label's.

    Where the output has one axis more than the labels, that axis is of classes and the
    answer is the best class.

    Raises:
        BadInput: the shapes cannot be compared.
    """
    answers = outputs.reshape(_no_ones(outputs))
    truths = labels.reshape(_no_ones(labels))
    if answers.ndim == truths.ndim + 1:
        answers = answers.argmax(axis=-1)
    if answers.shape != truths.shape:
        raise BadInput(
            f"{metric}: outputs of shape {list(outputs.shape[1:])} cannot be compared with "
            f"labels of shape {list(labels.shape[1:])}",
            OWN_METRIC,
        )
    hits: np.ndarray = (answers == truths).reshape(len(answers), -1).all(axis=1)
    return hits


def _no_ones(array: np.ndarray) -> tuple[int, ...]:
    """The shape without axes of length 1, the sample axis kept."""
    return (len(array), *(d for d in array.shape[1:] if d != 1))
