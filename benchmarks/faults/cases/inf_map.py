"""A map that always is -inf in two rows: one infinity switches no comparison off."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import TARGET, floats, held_to_forty, save, ships
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    mask = np.zeros((1, 1, 12, 12), np.float32)
    mask[:, :, :2] = -np.inf
    nodes = [
        ("Conv", ["x", "w0"], "a", {"pads": [1, 1, 1, 1]}),
        ("Relu", ["a"], "b", {}),
        ("Conv", ["b", "w1"], "c", {}),
        ("Add", ["c", "mask"], "y", {}),
    ]
    constants = {"w0": floats(0, 8, 3, 3, 3), "w1": floats(1, 2, 8, 1, 1), "mask": mask}
    name = save(folder, nodes, constants, {"x": [1, 3, 12, 12]}, {"y": [1, 2, 12, 12]})
    np.savez(folder / "data.npz", x=floats(2, 300, 3, 12, 12))
    return name, "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = [*held_to_forty(outcome), *ships(outcome, "fp32", "fp16")]
    if outcome.status("onnxruntime", "fp32") != "ok":
        wrong.append("the source's own graph is refused")
    for record in outcome.records:
        if record["precision"] == "int8-static" and record["status"] == "ok":
            wrong.append(f"{record['runtime']} int8 answers -inf, which no integer is")
    return wrong


CASE = Case(about="constant -inf in a map (executorch#8736)", make=make, right=right, target=TARGET)
