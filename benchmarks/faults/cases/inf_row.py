"""One class is always -inf (a mask of actions): what is wrong in the others is seen."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import (
    TARGET,
    held_to_forty,
    resize_by_half_more,
    ships,
    unlike_the_source,
)
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    resize_by_half_more(folder, np.array([0, 0, 0, -np.inf], np.float32))
    return "model.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    return [*held_to_forty(outcome), *unlike_the_source(outcome), *ships(outcome, "fp32", "fp16")]


CASE = Case(
    about="one logit is always -inf (executorch#8736)", make=make, right=right, target=TARGET
)
