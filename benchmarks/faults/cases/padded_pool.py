"""Average pooling that counts its padding, or is padded at its end only: AI Edge Quantizer ends
with "Ranks of scales (5) ..." at the padding put before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.odd_layers import lost, node, save, weight


def make(folder: Path) -> tuple[str, str]:
    """Both between convolutions."""
    counted = {"kernel_shape": [3, 3], "strides": [2, 2], "count_include_pad": 1}
    nodes = [
        node("Conv", ["x", "w0"], ["a"], pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["r"]),
        node("AveragePool", ["r"], ["p"], pads=[1, 1, 1, 1], **counted),
        node("Conv", ["p", "w1"], ["c"], pads=[1, 1, 1, 1]),
        node("AveragePool", ["c"], ["q"], kernel_shape=[2, 2], pads=[0, 0, 1, 1], strides=[2, 2]),
        node("Flatten", ["q"], ["f"]),
        node("Gemm", ["f", "w2"], ["y"]),
    ]
    constants = {"w0": weight(8, 3, 3, 3), "w1": weight(8, 8, 3, 3), "w2": weight(128, 5)}
    save(folder / "m.onnx", nodes, {"x": [1, 3, 14, 14]}, {"y": [1, 5]}, constants)
    rng = np.random.default_rng(16)
    np.savez(folder / "m.npz", x=rng.normal(size=(300, 3, 14, 14)).astype(np.float32))
    return "m.onnx", "m.npz"


def right(outcome: Outcome) -> list[str]:
    """LiteRT's int8 is made."""
    return lost(outcome, "litert int8-static", "onnxruntime int8-static", "openvino int8-static")


CASE = Case(about=(__doc__ or "").replace("\n", " ").strip(), make=make, right=right)
