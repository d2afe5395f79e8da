"""Search spaces of small networks as scikit-learn has them: a training takes 3 s at most.

Each task has a split into train, validation and test that its seed decides; the search sees the
first two. $EDGEOPT_BENCH names the task and the seed, as "digits 3".
"""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

TASKS = ("digits", "spoken-digits", "diabetes")
ASKED = "EDGEOPT_BENCH"
MOST_EPOCHS = {"digits": 30, "spoken-digits": 12, "diabetes": 60}
BATCH = 64


@dataclass(frozen=True)
class Split:
    """Arrays [n, features] and labels [n] of one part each."""

    train: tuple[np.ndarray, np.ndarray]
    valid: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]


@cache
def _raw(task: str) -> tuple[np.ndarray, np.ndarray]:
    if task == "spoken-digits":
        from benchmarks.compression.spoken_digits import recordings

        sounds, labels = recordings()
        return sounds.reshape(len(sounds), -1)[:2000], labels[:2000]
    from sklearn import datasets

    load = datasets.load_digits if task == "digits" else datasets.load_diabetes
    features, labels = load(return_X_y=True)
    return features.astype(np.float32), labels


@cache
def split(task: str, seed: int) -> Split:
    """A half trains, a quarter validates, a quarter tests; scaled by what trains."""
    features, labels = _raw(task)
    order = np.random.default_rng(seed).permutation(len(labels))
    half, more = len(order) // 2, 3 * len(order) // 4
    train, valid, test = order[:half], order[half:more], order[more:]
    mean, spread = features[train].mean(0), features[train].std(0) + 1e-6
    scaled = ((features - mean) / spread).astype(np.float32)
    if labels.dtype.kind == "f":  # what is predicted has about unit variance
        labels = (labels - labels[train].mean()) / labels[train].std()
    return Split(*((scaled[part], labels[part]) for part in (train, valid, test)))


def asked() -> tuple[str, int]:
    """The task and the seed at hand."""
    task, seed = os.environ[ASKED].split()
    return task, int(seed)


def is_regression(task: str) -> bool:
    return task == "diabetes"


def default(task: str, seed: int) -> Any:
    """scikit-learn's network as it comes."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPRegressor if is_regression(task) else MLPClassifier
    return kind(random_state=seed)


def build(trial: Any) -> Any:
    """Layers, width, learning rate, penalty, activation and size of a batch."""
    task, seed = asked()
    width = trial.suggest_int("width", 8, 256, log=True)
    depth = trial.suggest_int("depth", 1, 3)
    return default(task, seed).set_params(
        hidden_layer_sizes=(width,) * depth,
        learning_rate_init=trial.suggest_float("rate", 1e-4, 3e-2, log=True),
        alpha=trial.suggest_float("alpha", 1e-6, 3.0, log=True),
        activation=trial.suggest_categorical("activation", ["relu", "tanh"]),
        batch_size=trial.suggest_categorical("batch", [16, 64, 256]),
    )


def train(model: Any, trial: Any, report: Any) -> Any:
    """Epoch by epoch; what is reported is the score on the validation part."""
    task, seed = asked()
    parts = split(task, seed)
    return fitted(model, task, parts, report)


def fitted(model: Any, task: str, parts: Split, report: Any) -> Any:
    """The network after its epochs, in chunks of which each is reported."""
    features, labels = parts.train
    known = {} if is_regression(task) else {"classes": np.unique(labels)}
    chunk = max(1, MOST_EPOCHS[task] // 6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for epoch in range(MOST_EPOCHS[task]):
            model.partial_fit(features, labels, **known)
            if (epoch + 1) % chunk == 0:
                report(epoch + 1, float(model.score(*parts.valid)))
    return model
