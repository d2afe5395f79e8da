"""A metric as users of PyTorch write it, for a model whose output is [1, classes]."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults.case import Case, Outcome
from benchmarks.faults.small import linear, one_runtime

CODE = """
def hits(outputs, labels):
    return (outputs.argmax(-1) == labels).mean()
"""


def make(folder: Path) -> tuple[str, str]:
    (folder / "mine.py").write_text(CODE)
    one_runtime(folder)
    return linear(folder, classes=10, width=12, noise=0.3, samples=300)


def right(outcome: Outcome) -> list[str]:
    if outcome.code != 0 or outcome.chosen is None:
        return [f"exit status {outcome.code}, nothing chosen"]
    value = outcome.chosen["confirm_score"]["value"]
    wrong = [] if value > 0.9 else [f"the model is right, and its score is {value:.3f}"]
    if "each other's answers" in outcome.output:
        wrong.append("the function is said not to compare answers with labels")
    return wrong


CASE = Case(
    about="a metric of one's own that compares [n, classes] with labels [n]",
    make=make,
    right=right,
    options=("--max-drop", "5%", "--quick", "--metric", "mine:hits"),
    target="./one.toml",
)
