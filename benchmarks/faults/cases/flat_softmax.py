"""A softmax of 1,000 classes that are all alike: int8 has the step 1/256, so it answers zeros."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import TARGET, floats, save, ships
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    """Constant weights, as in ONNX's own light_squeezenet: one answer for all samples."""
    nodes = [
        ("Conv", ["x", "w"], "a", {}),
        ("GlobalAveragePool", ["a"], "b", {}),
        ("Flatten", ["b"], "c", {}),
        ("Softmax", ["c"], "y", {"axis": -1}),
    ]
    constants = {"w": np.full((1000, 3, 1, 1), 0.01, np.float32)}
    name = save(folder, nodes, constants, {"x": [1, 3, 8, 8]}, {"y": [1, 1000]})
    np.savez(folder / "data.npz", x=floats(0, 300, 3, 8, 8))
    return name, "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = ships(outcome, "fp32", "fp16", "int8-static")
    first = str((outcome.run.get("warnings") or [""])[0])
    if "same answer for all" not in first:
        wrong.append(f"the first warning is: {first}")
    if outcome.output.find("same answer for all") > outcome.output.find("the fastest that"):
        wrong.append("it is told after the choice")
    zeros = [
        r
        for r in outcome.records
        if r["status"] == "ok"
        and r["parity"]["sqnr_db"] is not None
        and r["parity"]["sqnr_db"] < 15
    ]
    return wrong + [f"{r['runtime']} {r['precision']} passes" for r in zeros]


CASE = Case(
    about="constant weights, as ONNX's light models have: int8 of zeros", make=make, right=right,
    target=TARGET,
)  # fmt: skip
