"""scikit-learn's searches with a limit on latency: `python examples/grid_search_latency.py`.

A grid of random forests on digits: more trees score better and take longer. `GridSearchCV` alone
takes the best score. With the scorer pair and a rule for `refit` it takes the best that keeps the
limit on this machine, timed in the runtime that would ship. `HalvingGridSearchCV` gets one score.
"""

from __future__ import annotations

import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, train_test_split

from edgeopt.tuning.device_limit import DeviceLimit
from edgeopt.tuning.sklearn_search import best_within, scorers, within

GRID = {"n_estimators": [4, 24, 160], "max_depth": [6, None]}


def search(grid: dict[str, list[object]] | None = None, folds: int = 2) -> dict[str, float]:
    """The same grid without a limit and with one; figures of what each refits."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    parts = train_test_split(images, labels, test_size=0.4, random_state=0, stratify=labels)
    train, test, train_labels, test_labels = parts
    data = {"X": test[:64], "labels": test_labels[:64]}
    forest = RandomForestClassifier(random_state=0)
    grid = grid or dict(GRID)

    free = DeviceLimit("this-machine", data, form="onnxruntime fp32")
    usual = GridSearchCV(forest, grid, cv=folds, scoring=scorers(free), refit="score")
    usual.fit(train, train_labels)
    times = -np.asarray(usual.cv_results_["mean_test_latency"])
    most_ms = float(np.sqrt(times.min() * times.max()))  # between the fastest and the slowest

    limit = DeviceLimit("this-machine", data, most_ms, form="onnxruntime fp32")
    limited = GridSearchCV(
        forest, grid, cv=folds, scoring=scorers(limit), refit=best_within(limit)
    )  # what was timed above is known
    limited.fit(train, train_labels)
    found_ms = -limited.cv_results_["mean_test_latency"][limited.best_index_]
    halving = HalvingGridSearchCV(
        RandomForestClassifier(random_state=0), grid, cv=folds, scoring=within(limit),
        random_state=0, factor=3, min_resources=200,
    )  # fmt: skip
    halving.fit(train, train_labels)
    return {
        "max_latency_ms": most_ms,
        "score_without": float(usual.best_estimator_.score(test, test_labels)),
        "latency_without_ms": float(times[usual.best_index_]),
        "score_with": float(limited.best_estimator_.score(test, test_labels)),
        "latency_with_ms": float(found_ms),
        "score_halving": float(halving.best_estimator_.score(test, test_labels)),
        "latency_halving_ms": float(free.measured(halving.best_estimator_).latency_ms or np.nan),
    }


def main() -> None:
    """Say what was found."""
    found = search()
    sys.stdout.write(
        f"limit: {found['max_latency_ms']:.4f} ms\n"
        f"GridSearchCV without it:  {found['score_without']:.3f} at "
        f"{found['latency_without_ms']:.4f} ms\n"
        f"GridSearchCV with it:     {found['score_with']:.3f} at "
        f"{found['latency_with_ms']:.4f} ms\n"
        f"HalvingGridSearchCV:      {found['score_halving']:.3f} at "
        f"{found['latency_halving_ms']:.4f} ms\n"
    )


if __name__ == "__main__":
    main()
