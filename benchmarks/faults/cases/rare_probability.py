"""A probability of what never occurs in the data, as an output of its own."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import TARGET, floats, save, ships
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    """The sigmoid is 0.0003 give or take as much: an int8 step of it is 1/256."""
    nodes = [
        ("Gemm", ["x", "w0", "b0"], "h", {}),
        ("Relu", ["h"], "r", {}),
        ("Gemm", ["r", "w1"], "y", {}),
        ("Gemm", ["r", "w2", "b2"], "s", {}),
        ("Sigmoid", ["s"], "p", {}),
    ]
    constants = {
        "w0": floats(0, 16, 64, scale=0.3),
        "b0": floats(1, 64),
        "w1": floats(2, 64, 5, scale=0.2),
        "w2": floats(3, 64, 1, scale=0.1),
        "b2": np.array([-8], np.float32),
    }
    name = save(folder, nodes, constants, {"x": [1, 16]}, {"y": [1, 5], "p": [1, 1]})
    np.savez(folder / "data.npz", x=floats(4, 300, 16))
    return name, "data.npz"


def right(outcome: Outcome) -> list[str]:
    refused = [
        r
        for r in outcome.records
        if r["status"] == "failed-parity" and r["reason"].startswith("p: constant")
    ]
    wrong = [f"{r['runtime']} {r['precision']}: {r['reason']}" for r in refused]
    if "less than a step of 8 bits" not in " ".join(outcome.run.get("warnings") or []):
        wrong.append("it is not said that the data does not tell")
    return [*wrong, *ships(outcome, "fp32", "fp16", "int8-static")]


CASE = Case(about="a probability of what never occurs", make=make, right=right, target=TARGET)
