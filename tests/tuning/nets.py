"""Search spaces of the tests: networks of digits as ONNX files, trained by least squares."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np


def digits():
    """(images [n, 64], labels [n]), the same for every caller."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return (images / 16).astype(np.float32), labels


def judged():
    """What judges: samples that no training sees."""
    images, labels = digits()
    return {"image": images[900:], "labels": labels[900:]}


def hidden(images, width, seed=0):
    weights = np.random.default_rng(seed).normal(size=(64, width)).astype(np.float32) / 8
    return weights, np.maximum(images @ weights, 0)


def save(width, readout, classes=10, repeats=0):
    """A network with one hidden layer; `repeats` layers more that change nothing but its time."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights, _ = hidden(np.zeros((1, 64), np.float32), width)
    nodes = [
        helper.make_node("MatMul", ["image", "first"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["hidden0"]),
    ]
    arrays = [numpy_helper.from_array(weights, "first")]
    for i in range(repeats):
        arrays.append(numpy_helper.from_array(np.eye(width, dtype=np.float32), f"same{i}"))
        nodes.append(helper.make_node("MatMul", [f"hidden{i}", f"same{i}"], [f"hidden{i + 1}"]))
    nodes.append(helper.make_node("MatMul", [f"hidden{repeats}", "second"], ["logits"]))
    arrays.append(numpy_helper.from_array(readout.astype(np.float32), "second"))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", classes])],
        arrays,
    )
    path = Path(tempfile.mkdtemp()) / "net.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, path)
    return path


def note(word):
    """Count a call, where a test asks for it."""
    if "NETS_NOTES" in os.environ:
        with open(os.environ["NETS_NOTES"], "a", encoding="utf-8") as file:
            file.write(f"{word}\n")


def build(trial):
    width = trial.suggest_categorical("width", [8, 32, 128])
    trial.suggest_float("ridge", 1e-3, 10.0, log=True)
    return save(width, np.zeros((width, 10)))


def build_slow(trial):
    """Of two sizes: the larger has layers that cost time."""
    width = trial.suggest_categorical("width", [16, 512])
    return save(width, np.zeros((width, 10)), repeats=8 if width == 512 else 0)


def train(model, trial, report):
    width, ridge = trial.params["width"], trial.params.get("ridge", 0.1)
    note(f"train {trial.number}")
    images, labels = digits()
    _, features = hidden(images[:900], width)
    square = features.T @ features + ridge * np.eye(width)
    readout = np.linalg.solve(square, features.T @ np.eye(10)[labels[:900]])
    right = (features @ readout).argmax(1) == labels[:900]
    report(0, float(right.mean()))
    return save(width, readout, repeats=8 if width == 512 else 0)


def train_slowly(model, trial, report):
    time.sleep(1.0)
    return train(model, trial, report)
