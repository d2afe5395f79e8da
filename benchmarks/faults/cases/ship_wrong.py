"""As wrong_fp32, with labels that the source meets: accuracy sees nothing of it."""

from pathlib import Path

import numpy as np

from benchmarks.faults.answers import (
    TARGET,
    held_to_forty,
    resize_by_half_more,
    unlike_the_source,
)
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    labels = resize_by_half_more(folder).argmax(axis=1)
    data = dict(np.load(folder / "data.npz"))
    np.savez(folder / "data.npz", **data, labels=labels)
    return "model.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    return [*held_to_forty(outcome), *unlike_the_source(outcome)]


CASE = Case(
    about="int8 made from a float form that failed parity (tvm#19500)",
    make=make,
    right=right,
    options=("--max-drop", "15%", "--quick"),
    target=TARGET,
)
