"""A bare Optuna study that keeps a limit on latency: `python examples/optuna_latency.py`.

The study searches the layers of a small network on scikit-learn's digits. Without a limit it takes
whatever scores best. With `Judge` each network is timed on this machine before it is trained, and
one that is too slow is pruned; the study then spends its trials on networks that can be shipped.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import optuna
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from edgeopt.tuning.device_limit import DeviceLimit
from edgeopt.tuning.optuna_search import LATENCY, Judge

SMALLEST, LARGEST = (8,), (1024, 1024)


def search(trials: int = 8, epochs: int = 12) -> dict[str, float]:
    """Both studies; their figures."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    parts = train_test_split(images, labels, test_size=0.4, random_state=0, stratify=labels)
    train, test, train_labels, test_labels = parts
    data = {"X": test[:64], "labels": test_labels[:64]}

    def network(layers: tuple[int, ...]) -> MLPClassifier:
        """One batch gives it its structure; it is as good as untrained."""
        made = MLPClassifier(layers, random_state=0, max_iter=epochs, warm_start=True)
        return made.partial_fit(train[:200], train_labels[:200], classes=np.unique(labels))

    def layers(trial: optuna.Trial) -> tuple[int, ...]:
        width = trial.suggest_categorical("width", [8, 64, 1024])
        return (width,) * trial.suggest_int("depth", 1, 2)

    def trained(made: MLPClassifier) -> float:
        return float(made.fit(train, train_labels).score(test, test_labels))

    free = DeviceLimit("this-machine", data, form="onnxruntime fp32")
    low, high = (free.measured(network(one)).latency_ms for one in (SMALLEST, LARGEST))
    most_ms = float(np.sqrt(low * high))  # between the fastest and the slowest of the space
    judge = Judge(DeviceLimit("this-machine", data, most_ms, form="onnxruntime fp32"))

    def without(trial: optuna.Trial) -> float:
        made = network(layers(trial))
        trial.set_user_attr(LATENCY, free.measured(made).latency_ms)
        return trained(made)

    def with_limit(trial: optuna.Trial) -> float:
        made = network(layers(trial))
        judge.before_training(trial, made)
        return trained(made)

    def studied(objective, callbacks):  # type: ignore[no-untyped-def]
        sampler = optuna.samplers.TPESampler(seed=0, n_startup_trials=4)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.optimize(objective, n_trials=trials, callbacks=callbacks)
        return study

    usual, limited = studied(without, []), studied(with_limit, [judge])
    best = judge.best(limited)
    return {
        "max_latency_ms": most_ms,
        "score_without": usual.best_value,
        "latency_without_ms": usual.best_trial.user_attrs[LATENCY],
        "score_with": best.value if best else float("nan"),
        "latency_with_ms": best.user_attrs[LATENCY] if best else float("nan"),
        "not_trained": float(
            sum(one.state == optuna.trial.TrialState.PRUNED for one in limited.trials)
        ),
    }


def main() -> None:
    """Say what was found."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    found = search()
    say = sys.stdout.write
    say(f"limit: {found['max_latency_ms']:.4f} ms\n")
    say(
        f"without it: {found['score_without']:.3f} at {found['latency_without_ms']:.4f} ms\n"
        f"with it:    {found['score_with']:.3f} at {found['latency_with_ms']:.4f} ms, "
        f"{found['not_trained']:.0f} networks were not trained\n"
    )


if __name__ == "__main__":
    main()
