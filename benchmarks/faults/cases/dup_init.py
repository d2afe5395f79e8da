"""A bias of several Convs whose copies, as ONNX Runtime's quantizer names them, bear the names of
tensors that are there already (onnxruntime#24705)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.odd_layers import lost, node, save, weight


def make(folder: Path) -> tuple[str, str]:
    """Three Convs of one weight and one bias "k", beside tensors k0, k1 and k2."""
    nodes = [
        node("Conv", ["x", "w", "k"], ["k0"], pads=[1, 1, 1, 1]),
        node("Relu", ["k0"], ["k1"]),
        node("Conv", ["k1", "w", "k"], ["k2"], pads=[1, 1, 1, 1]),
        node("Add", ["k0", "k2"], ["s"]),
        node("Conv", ["s", "w", "k"], ["u"], pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", ["u"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("Gemm", ["f", "last"], ["y"]),
    ]
    constants = {"w": weight(6, 6, 3, 3), "k": weight(6), "last": weight(6, 4)}
    save(folder / "m.onnx", nodes, {"x": [1, 6, 14, 14]}, {"y": [1, 4]}, constants)
    rng = np.random.default_rng(13)
    np.savez(folder / "m.npz", x=rng.normal(size=(300, 6, 14, 14)).astype(np.float32))
    return "m.onnx", "m.npz"


def right(outcome: Outcome) -> list[str]:
    """It is made, and near the source."""
    return lost(outcome, "onnxruntime int8-static", "openvino int8-static")


CASE = Case(about=(__doc__ or "").replace("\n", " ").strip(), make=make, right=right)
