"""Keras Tuner with a limit on latency: `python examples/keras_tuner_latency.py`.

A random search over the width of a small network on scikit-learn's digits. The callback converts
and times each model before its first epoch; one that is beyond the limit is not trained.
"""

from __future__ import annotations

import sys
import tempfile

import numpy as np


def search(
    widths: tuple[int, ...] = (8, 64, 1024), trials: int = 4, epochs: int = 3
) -> dict[str, float]:
    """Both searches; their figures."""
    import keras
    import keras_tuner
    from sklearn.datasets import load_digits

    from edgeopt.tuning.device_limit import DeviceLimit
    from edgeopt.tuning.keras_search import latency_limit

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    train, test = slice(0, 1200), slice(1200, None)
    data = {"image": images[test][:64], "labels": labels[test][:64]}

    def network(width: int) -> keras.Model:
        inputs = keras.Input((64,), name="image")
        inner = keras.layers.Dense(width, activation="relu")(inputs)
        inner = keras.layers.Dense(width, activation="relu")(inner)
        model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(inner))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def build(hp: keras_tuner.HyperParameters) -> keras.Model:
        return network(hp.Choice("width", list(widths)))

    def searched(callbacks: list[object]) -> keras_tuner.Tuner:
        tuner = keras_tuner.GridSearch(
            build, objective="val_accuracy", max_trials=trials, overwrite=True, seed=0,
            directory=tempfile.mkdtemp(), max_consecutive_failed_trials=trials + 1,
        )  # fmt: skip
        judged = (images[test], labels[test])
        tuner.search(
            images[train], labels[train], validation_data=judged, epochs=epochs, verbose=0,
            callbacks=callbacks,
        )  # fmt: skip
        return tuner

    free = DeviceLimit("this-machine", data, form="onnxruntime fp32")
    times = {width: float(free.measured(network(width)).latency_ms) for width in widths}
    most_ms = float(np.sqrt(times[widths[0]] * times[widths[-1]]))
    limit = DeviceLimit("this-machine", data, most_ms, form="onnxruntime fp32")

    def figures(tuner: keras_tuner.Tuner) -> tuple[float, float]:
        [best] = tuner.oracle.get_best_trials(1)
        return float(best.score), times[best.hyperparameters.get("width")]

    usual, limited = searched([]), searched([latency_limit(limit)])
    (score, ms), (score_with, ms_with) = figures(usual), figures(limited)
    failed = [one for one in limited.oracle.trials.values() if one.status in ("FAILED", "INVALID")]
    return {
        "max_latency_ms": most_ms,
        "score_without": score,
        "latency_without_ms": ms,
        "score_with": score_with,
        "latency_with_ms": ms_with,
        "not_trained": float(len(failed)),
    }


def main() -> None:
    """Say what was found."""
    found = search()
    sys.stdout.write(
        f"limit: {found['max_latency_ms']:.4f} ms\n"
        f"without it: {found['score_without']:.3f} at {found['latency_without_ms']:.4f} ms\n"
        f"with it:    {found['score_with']:.3f} at {found['latency_with_ms']:.4f} ms, "
        f"{found['not_trained']:.0f} models were not trained\n"
    )


if __name__ == "__main__":
    main()
