"""Outputs that are 0 or rounding noise beside one that is not: they refuse nobody."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import TARGET, floats, save, ships
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    nodes = [
        ("Gemm", ["x", "w0", "b0"], "h", {}),
        ("Relu", ["h"], "r", {}),
        ("Gemm", ["r", "w1"], "y", {}),
        ("Neg", ["r"], "minus", {}),
        ("Relu", ["minus"], "aux", {}),
        ("Softmax", ["r"], "s", {"axis": -1}),
        ("ReduceSum", ["s", "one"], "sum", {"keepdims": 1}),
        ("Sub", ["sum", "unit"], "noise", {}),
    ]
    constants = {
        "w0": floats(0, 16, 64, scale=0.3),
        "b0": floats(1, 64),
        "w1": floats(2, 64, 5, scale=0.2),
        "one": np.array([1]),
        "unit": np.float32(1),
    }
    shapes = {"y": [1, 5], "aux": [1, 64], "noise": [1, 1]}
    name = save(folder, nodes, constants, {"x": [1, 16]}, shapes)
    np.savez(folder / "data.npz", x=floats(3, 300, 16))
    return name, "data.npz"


def right(outcome: Outcome) -> list[str]:
    refused = [r for r in outcome.records if r["status"] == "failed-parity"]
    wrong = [f"{r['runtime']} {r['precision']}: {r['reason']}" for r in refused]
    return [*wrong, *ships(outcome, "fp32", "fp16", "int8-static")]


CASE = Case(about="an output that is rounding noise", make=make, right=right, target=TARGET)
