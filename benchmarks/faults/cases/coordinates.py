"""A vector of 468 points of a face: no scores of classes."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import TARGET, floats, save, ships
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    nodes = [
        ("Gemm", ["x", "w0", "b0"], "h", {}),
        ("Relu", ["h"], "r", {}),
        ("Gemm", ["r", "w1", "b1"], "points", {}),
    ]
    constants = {
        "w0": floats(0, 16, 32, scale=0.3),
        "b0": floats(1, 32),
        "w1": floats(2, 32, 1404),
        "b1": np.random.default_rng(3).uniform(0, 192, 1404).astype(np.float32),
    }
    name = save(folder, nodes, constants, {"x": [1, 16]}, {"points": [1, 1404]})
    np.savez(folder / "data.npz", x=floats(4, 300, 16))
    return name, "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = ships(outcome, "fp32", "fp16", "int8-static")
    why = str(outcome.run.get("data", {}).get("metric_why"))
    if not why.startswith("read as values"):
        wrong.append(f"it is {why}")
    for record in outcome.records:
        if record["precision"] == "fp16" and not (record["drop"] or {"value": 1})["value"] < 0.01:
            wrong.append("fp16, which loses nothing, is told to lose")
    if " class 4" in outcome.output or "by class" in outcome.output:
        wrong.append("coordinates are told as classes")
    return wrong


CASE = Case(about="1,404 coordinates read as class 457", make=make, right=right, target=TARGET)
