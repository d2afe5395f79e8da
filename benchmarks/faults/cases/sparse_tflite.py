"""A LiteRT file with packed sparse weights: "cannot reshape array of size 77" in two runtimes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.faults import profile
from benchmarks.faults.case import Case, Outcome

ROWS = (("onnxruntime", "fp32"), ("openvino", "fp32"), ("litert", "fp32"))


def make(folder: Path) -> tuple[str, str]:
    """A convolution (by way of DENSIFY) and a matrix (packed itself), a tenth of them not zero."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow as tf
    from keras import layers

    keras.utils.set_random_seed(6)
    rng = np.random.default_rng(6)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(6),
        ]
    )
    for layer in (model.layers[0], model.layers[2]):
        weights, bias = layer.get_weights()
        layer.set_weights([weights * (rng.random(weights.shape) < 0.1), bias])
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.EXPERIMENTAL_SPARSITY]
    (folder / "sparse.tflite").write_bytes(converter.convert())
    np.savez(folder / "sparse.npz", x=rng.normal(size=(200, 8, 8, 4)).astype(np.float32))
    profile.write(folder, *ROWS)
    return "sparse.tflite", "sparse.npz"


def right(outcome: Outcome) -> list[str]:
    """All three runtimes have their fp32."""
    return [
        f"{runtime} fp32 is {outcome.status(runtime, 'fp32') or 'no row'}"
        for runtime in ("onnxruntime", "openvino", "litert")
        if outcome.status(runtime, "fp32") != "ok"
    ]


CASE = Case(about=(__doc__ or "").strip(), make=make, right=right, target=profile.TARGET)
