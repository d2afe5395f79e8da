"""ConvTranspose in groups: for a bias of all channels, ONNX Runtime's quantizer has as many scales
as one group has (onnxruntime#19694)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.odd_layers import lost, node, save, unsaid, weight


def make(folder: Path) -> tuple[str, str]:
    """A small segmenter: down, up in groups, up to another size by nearest neighbours."""
    up = {"group": 3, "strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}
    nearest = {
        "mode": "nearest",
        "coordinate_transformation_mode": "asymmetric",
        "nearest_mode": "floor",
    }
    nodes = [
        node("Conv", ["x", "w0"], ["a"], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Relu", ["a"], ["r"]),
        node("ConvTranspose", ["r", "w1", "b1"], ["t"], **up),
        node("Relu", ["t"], ["q"]),
        node("Resize", ["q", "", "times"], ["n"], **nearest),
        node("Conv", ["n", "w2"], ["y"]),
    ]
    constants = {
        "w0": weight(12, 3, 3, 3),
        "w1": weight(12, 3, 3, 3),
        "b1": weight(9),
        "times": np.array([1, 1, 2, 2], np.float32),
        "w2": weight(2, 9, 1, 1),
    }
    save(folder / "m.onnx", nodes, {"x": [1, 3, 12, 12]}, {"y": [1, 2, 24, 24]}, constants)
    rng = np.random.default_rng(14)
    np.savez(folder / "m.npz", x=rng.normal(size=(250, 3, 12, 12)).astype(np.float32))
    return "m.onnx", "m.npz"


def right(outcome: Outcome) -> list[str]:
    """It is made, and the row names the layer whose weights have one scale."""
    made = lost(outcome, "onnxruntime int8-static", "openvino int8-static")
    return made + unsaid(outcome, "onnxruntime int8-static", "ConvTranspose, grouped", "one scale")


CASE = Case(about=(__doc__ or "").replace("\n", " ").strip(), make=make, right=right)
