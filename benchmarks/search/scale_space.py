"""The search space of `scale` and `kills`: a grid of 40 networks, and a stand-in that sleeps."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

WIDTHS = (8, 16, 32, 64, 128)
RIDGES = (1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
NOTES, SLEEP = "EDGEOPT_BENCH_NOTES", "EDGEOPT_BENCH_SLEEP"


def digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's: (images [n, 64], labels [n])."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), labels


def hidden(images: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Fixed random features: their weights, and their values."""
    weights = np.random.default_rng(0).normal(size=(64, width)).astype(np.float32) / 8
    return weights, np.maximum(images @ weights, 0)


def saved(width: int, readout: np.ndarray) -> Path:
    """The network as an ONNX file."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights, _ = hidden(np.zeros((1, 64), np.float32), width)
    nodes = [
        helper.make_node("MatMul", ["image", "first"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "second"], ["logits"]),
    ]
    arrays = [("first", weights), ("second", readout.astype(np.float32))]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(array, name) for name, array in arrays],
    )
    path = Path(tempfile.mkdtemp()) / "net.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path
    )
    return path


def build(trial: Any) -> Path:
    """One of the grid."""
    width = trial.suggest_categorical("width", WIDTHS)
    trial.suggest_categorical("ridge", RIDGES)
    return saved(width, np.zeros((width, 10)))


def train(model: Any, trial: Any, report: Any) -> Path:
    """Least squares, after a sleep that stands for a training; what it did is noted."""
    time.sleep(float(os.environ.get(SLEEP, "0")))
    width, ridge = trial.params["width"], trial.params["ridge"]
    images, labels = digits()
    _, features = hidden(images[:900], width)
    square = features.T @ features + ridge * np.eye(width)
    readout = np.linalg.solve(square, features.T @ np.eye(10)[labels[:900]])
    report(0, float(((features @ readout).argmax(1) == labels[:900]).mean()))
    path = saved(width, readout)
    if NOTES in os.environ:
        with open(os.environ[NOTES], "a", encoding="utf-8") as file:
            file.write(f"{trial.number}\n")
    return path


def sleep_build(trial: Any) -> Path:
    """A network that costs nothing to make."""
    trial.suggest_float("x", 0, 1)
    return saved(8, np.zeros((8, 10)))


def sleep_train(model: Any, trial: Any, report: Any) -> None:
    """Sleeps: many of them fit on one machine. As long as it says on average, within a quarter."""
    time.sleep(float(os.environ.get(SLEEP, "2")) * (0.75 + trial.params["x"] / 2))
    report(0, trial.params["x"])
