"""A small recurrent network as ONNX and as numpy: what is fed, remembered and answered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZE, HIDDEN = 4, 8

_RNG = np.random.default_rng(7)
WEIGHTS = {
    "w": _RNG.normal(0, 0.6, (SIZE, HIDDEN)).astype(np.float32),
    "u": _RNG.normal(0, 0.4, (HIDDEN, HIDDEN)).astype(np.float32),
    "v": _RNG.normal(0, 1.0, (HIDDEN, 1)).astype(np.float32),
}


def save(path: Path, names: tuple[str, str] = ("state", "stateN")) -> Path:
    """x [1, 4] and a state [1, 8] -> y [1, 1] and the state of the next step."""
    given, following = names
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("MatMul", [given, "u"], ["hu"]),
        helper.make_node("Add", ["xw", "hu"], ["sum"]),
        helper.make_node("Tanh", ["sum"], [following]),
        helper.make_node("MatMul", [following, "v"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "recurrent",
        [_info("x", SIZE), _info(given, HIDDEN)],
        [_info("y", 1), _info(following, HIDDEN)],
        [numpy_helper.from_array(array, name) for name, array in WEIGHTS.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def _info(name: str, size: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])


def rolled(x: np.ndarray, state: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(answers [n, steps, 1], the states before each step [n, steps, 8]) of x [n, steps, 4]."""
    n, steps = x.shape[:2]
    h = np.zeros((n, HIDDEN)) if state is None else state.astype(np.float64)
    answers, states = [], []
    for t in range(steps):
        states.append(h)
        h = np.tanh(x[:, t] @ WEIGHTS["w"] + h @ WEIGHTS["u"])
        answers.append(1 / (1 + np.exp(-h @ WEIGHTS["v"])))
    return np.stack(answers, axis=1), np.stack(states, axis=1)


def sequences(n: int, steps: int, seed: int = 0) -> np.ndarray:
    """float32[n, steps, 4]."""
    return np.random.default_rng(seed).normal(size=(n, steps, SIZE)).astype(np.float32)
