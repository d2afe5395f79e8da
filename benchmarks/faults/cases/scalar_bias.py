"""One number added behind a product: NNCF's bias correction takes it for one value for each
channel (nncf#2776), ONNX Runtime's quantizer for a bias of Gemm."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.odd_layers import lost, node, save, weight


def make(folder: Path) -> tuple[str, str]:
    """A small classifier whose last step is a calibrated offset."""
    offset = np.array(-0.4, np.float32)
    nodes = [
        node("Conv", ["image", "w0", "b0"], ["a"], strides=[2, 2]),
        node("Relu", ["a"], ["r"]),
        node("GlobalAveragePool", ["r"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("MatMul", ["f", "w1"], ["logits"]),
        node("Add", ["offset", "logits"], ["y"]),
    ]
    weights = {"w0": weight(12, 3, 3, 3), "b0": weight(12), "w1": weight(12, 7), "offset": offset}
    save(folder / "m.onnx", nodes, {"image": [1, 3, 20, 20]}, {"y": [1, 7]}, weights)
    rng = np.random.default_rng(11)
    np.savez(folder / "m.npz", image=rng.normal(size=(300, 3, 20, 20)).astype(np.float32))
    return "m.onnx", "m.npz"


def right(outcome: Outcome) -> list[str]:
    """Both quantizers make it."""
    return lost(outcome, "openvino int8-static", "onnxruntime int8-static", "litert int8-static")


CASE = Case(about=(__doc__ or "").replace("\n", " ").strip(), make=make, right=right)
