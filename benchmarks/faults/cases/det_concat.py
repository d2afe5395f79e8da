"""Boxes of 0 to 640 pixels and scores of 0 to 1 in one output."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import TARGET, floats, save
from benchmarks.faults.case import Case, Outcome

COARSE = 32  # different values: of 8 bits over 640, scores have one or four


def make(folder: Path) -> tuple[str, str]:
    """Scores are 1 where a square is bright (class 0) or dark (class 1)."""
    cells = np.arange(8, dtype=np.float32) * 80
    grid = np.stack(np.meshgrid(cells, cells))[None].astype(np.float32)
    look = np.stack([np.full((3, 8, 8), sign / 192, np.float32) for sign in (12, -12)])
    nodes = [
        ("Conv", ["images", "wb"], "b", {"strides": [8, 8]}),
        ("Conv", ["images", "wc", "bc"], "c", {"strides": [8, 8]}),
        ("Sigmoid", ["b"], "sb", {}),
        ("Mul", ["sb", "size"], "mb", {}),
        ("Add", ["mb", "grid"], "boxes", {}),
        ("Sigmoid", ["c"], "scores", {}),
        ("Concat", ["boxes", "scores"], "all", {"axis": 1}),
        ("Reshape", ["all", "shape"], "output0", {}),
    ]
    constants = {
        "wb": floats(0, 4, 3, 8, 8, scale=0.1),
        "wc": look,
        "bc": np.full(2, -12, np.float32),
        "size": np.float32(160),
        "grid": np.concatenate([grid, np.zeros_like(grid)], axis=1),
        "shape": np.array([1, 6, 64]),
    }
    name = save(folder, nodes, constants, {"images": [1, 3, 64, 64]}, {"output0": [1, 6, 64]})
    rng = np.random.default_rng(1)
    images = floats(2, 300, 3, 64, 64, scale=0.3)
    for i in range(len(images)):
        y, x = 8 * rng.integers(0, 8, 2)
        images[i, :, y : y + 8, x : x + 8] += 2 if i % 2 else -2
    np.savez(folder / "data.npz", images=images)
    return name, "data.npz"


def right(outcome: Outcome) -> list[str]:
    wrong = []
    for record in outcome.records:
        if record["status"] == "ok" and record["drop"]["value"] <= 0.01:
            found = record["parity"]
            if found["distinct"] < COARSE:
                wrong.append(f"{record['precision']} passes with {found['distinct']} score values")
    seen = [
        r
        for r in outcome.records
        if r["precision"] == "int8-static" and "channels 4 to 5 of output0" in r["reason"]
    ]
    if not seen:
        wrong.append("no int8 form is refused for its scores by name")
    return wrong if outcome.chosen else [*wrong, "nothing ships"]


CASE = Case(
    about="boxes and scores in one concat: int8 zeroes the scores (mmyolo#776, ultralytics#21625)",
    make=make,
    right=right,
    target=TARGET,
)
