"""A product with a matrix for each head: by channel, ONNX Runtime's int8 file fails at its first
inference only (onnxruntime#25489)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.odd_layers import lost, node, save, unsaid, weight


def make(folder: Path) -> tuple[str, str]:
    """Two heads of attention, divided by a temperature that is an input without axes."""
    nodes = [
        node("Unsqueeze", ["x", "axis"], ["x4"]),
        node("MatMul", ["x4", "queries"], ["q"]),
        node("MatMul", ["x4", "keys"], ["k"]),
        node("Einsum", ["q", "k"], ["a"], equation="bhid,bhjd->bhij"),
        node("Div", ["a", "heat"], ["h"]),
        node("Softmax", ["h"], ["p"], axis=-1),
        node("MatMul", ["p", "q"], ["o"]),
        node("ReduceMean", ["o"], ["m"], axes=[1, 2], keepdims=0),
        node("Gemm", ["m", "last"], ["y"]),
    ]
    constants = {
        "axis": np.array([1]),
        "queries": weight(3, 24, 12),
        "keys": weight(3, 24, 12),
        "last": weight(12, 6),
    }
    save(folder / "m.onnx", nodes, {"x": [1, 9, 24], "heat": []}, {"y": [1, 6]}, constants)
    rng = np.random.default_rng(12)
    np.savez(
        folder / "m.npz",
        x=rng.normal(0, 2, (300, 9, 24)).astype(np.float32),
        heat=rng.uniform(0.5, 2, 300).astype(np.float32),
    )
    return "m.onnx", "m.npz"


def right(outcome: Outcome) -> list[str]:
    """Every int8 form of ONNX Runtime runs, and what was left out is said."""
    precisions = ("int8-static", "int8-dynamic", "int8-weights")
    made = lost(outcome, *(f"onnxruntime {precision}" for precision in precisions))
    return made + unsaid(outcome, "onnxruntime int8-static", "weights of 3 axes", "one scale")


CASE = Case(about=(__doc__ or "").replace("\n", " ").strip(), make=make, right=right)
