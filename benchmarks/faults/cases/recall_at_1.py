"""Recall among the samples themselves: repeats of a sample find each other, halves have none."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.small import linear, one_runtime

CODE = """
import numpy as np

def recall(outputs, labels):
    unit = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    likeness = unit @ unit.T
    np.fill_diagonal(likeness, -np.inf)
    return (labels[likeness.argmax(axis=1)] == labels).mean()
"""


def make(folder: Path) -> tuple[str, str]:
    """Embeddings [1, 16] of 20 persons, 400 samples."""
    (folder / "mine.py").write_text(CODE)
    one_runtime(folder)
    return linear(folder, classes=20, width=16, noise=0.9, samples=400, embed=True)


def right(outcome: Outcome) -> list[str]:
    wrong = []
    if outcome.code != 0 or outcome.chosen is None:
        return [f"exit status {outcome.code}, nothing chosen"]
    for part in ("score", "confirm_score"):
        score = outcome.chosen[part]
        if score["interval"] != "half-samples":
            wrong.append(f"the interval of {part} is by {score['interval']!r}")
        if score["low"] is None or not score["low"] < score["value"] - 0.02:
            wrong.append(f"{part} {score['value']:.3f} has an interval from {score['low']}")
    return wrong


CASE = Case(
    about="a metric of one's own that compares samples with each other (recall@1 over a set)",
    make=make,
    right=right,
    options=("--max-drop", "5%", "--quick", "--metric", "mine:recall"),
    target="./one.toml",
)
