"""The exact gelu of Keras, for whose Erfc tf2onnx has no word (tensorflow-onnx#2347)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.faults import profile
from benchmarks.faults.case import Case, Outcome

ROWS = (("onnxruntime", "fp32"), ("onnxruntime", "int8-static"), ("litert", "fp32"))


def make(folder: Path) -> tuple[str, str]:
    """Two layers of Keras, one with the exact gelu, one with celu (Expm1)."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    model = keras.Sequential(
        [
            keras.Input((12,)),
            layers.Dense(48, activation="gelu"),
            layers.Dense(24, activation="celu"),
            layers.Dense(6),
        ]
    )
    model.save(folder / "gelu.keras")
    samples = np.random.default_rng(2).normal(size=(300, 12)).astype(np.float32)
    np.savez(folder / "gelu.npz", x=samples)
    profile.write(folder, *ROWS)
    return "gelu.keras", "gelu.npz"


def right(outcome: Outcome) -> list[str]:
    """ONNX Runtime has its rows, and the baseline is there."""
    wrong = [
        f"onnxruntime {precision} is {outcome.status('onnxruntime', precision) or 'no row'}"
        for precision in ("fp32", "int8-static")
        if outcome.status("onnxruntime", precision) != "ok"
    ]
    return wrong + ([] if outcome.chosen else ["nothing ships"])


CASE = Case(about=(__doc__ or "").strip(), make=make, right=right, target=profile.TARGET)
