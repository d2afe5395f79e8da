"""Metrics as users write them, and draws of answers of which the true value can be had."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import rankdata

Draw = tuple[np.ndarray, np.ndarray, np.ndarray]  # the source's answers, a candidate's, labels


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    return float((outputs.argmax(-1) == labels).mean())


def f1(outputs: np.ndarray, labels: np.ndarray) -> float:
    """The mean of the classes'."""
    said = outputs.argmax(-1)
    each = []
    for label in np.unique(labels):
        both, either = (said == label) & (labels == label), (said == label).sum()
        each.append(2 * both.sum() / (either + (labels == label).sum()))
    return float(np.mean(each))


def auc(outputs: np.ndarray, labels: np.ndarray) -> float:
    ranks, yes = rankdata(outputs[:, 1] - outputs[:, 0]), labels == 1
    pairs = yes.sum() * (~yes).sum()
    return float((ranks[yes].sum() - yes.sum() * (yes.sum() + 1) / 2) / pairs)


def average_precision(outputs: np.ndarray, labels: np.ndarray) -> float:
    yes = labels[np.argsort(outputs[:, 0] - outputs[:, 1], kind="stable")] == 1
    return float((np.cumsum(yes) / np.arange(1, len(yes) + 1))[yes].mean())


def recall_at_1(outputs: np.ndarray, labels: np.ndarray) -> float:
    return float((labels[_likeness(outputs).argmax(1)] == labels).mean())


def retrieval_map(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Mean over samples of the average precision with which each finds those of its class."""
    order = np.argsort(-_likeness(outputs), axis=1)[:, :-1]
    same = labels[order] == labels[:, None]
    precision = np.cumsum(same, axis=1) / np.arange(1, same.shape[1] + 1)
    found = same.sum(axis=1)
    some = found > 0
    return float(((precision * same).sum(axis=1)[some] / found[some]).mean())


def median_error(outputs: np.ndarray, labels: np.ndarray) -> float:
    return float(np.median(np.abs(outputs[:, 0] - labels)))


median_error.lower_is_better = True  # type: ignore[attr-defined]


def _likeness(outputs: np.ndarray) -> np.ndarray:
    unit = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    found: np.ndarray = unit @ unit.T
    np.fill_diagonal(found, -np.inf)
    return found


def classes(margin: float) -> Callable[[int, np.random.Generator], Draw]:
    def draw(n: int, rng: np.random.Generator) -> Draw:
        labels = rng.integers(0, 5, n)
        source = margin * np.eye(5)[labels] + rng.normal(size=(n, 5))
        return source, source + 0.3 * rng.normal(size=source.shape), labels

    return draw


def yes_or_no(n: int, rng: np.random.Generator) -> Draw:
    labels = (rng.random(n) < 0.3).astype(int)
    source = np.stack([np.zeros(n), 1.5 * labels + rng.normal(size=n)], axis=1)
    return source, source + 0.3 * rng.normal(size=source.shape), labels


def people(n: int, rng: np.random.Generator) -> Draw:
    who = np.random.default_rng(5).normal(size=(12, 16))
    labels = rng.integers(0, 12, n)
    source = who[labels] + 1.1 * rng.normal(size=(n, 16))
    return source, source + 0.35 * rng.normal(size=source.shape), labels


def numbers(n: int, rng: np.random.Generator) -> Draw:
    labels = rng.normal(size=n)
    source = (labels + 0.2 * rng.standard_t(3, n))[:, None]
    return source, source + 0.05 * rng.normal(size=source.shape), labels


#: What is told in the table -> the function, and the draws.
KINDS: dict[str, tuple[str, Callable[[int, np.random.Generator], Draw]]] = {
    "accuracy, 0.83": ("accuracy", classes(2.5)),
    "accuracy, 0.995": ("accuracy", classes(4.5)),
    "F1, mean of 5 classes": ("f1", classes(2.5)),
    "ROC AUC": ("auc", yes_or_no),
    "average precision": ("average_precision", yes_or_no),
    "recall@1 in the set": ("recall_at_1", people),
    "mAP in the set": ("retrieval_map", people),
    "median error": ("median_error", numbers),
}
