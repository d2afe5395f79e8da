"""A conversion that is wrong in fp32 and keeps the best class: nothing made from it ships."""

from pathlib import Path

from benchmarks.faults.answers import (
    TARGET,
    held_to_forty,
    resize_by_half_more,
    unlike_the_source,
)
from benchmarks.faults.case import Case, Outcome


def make(folder: Path) -> tuple[str, str]:
    resize_by_half_more(folder)
    return "model.onnx", "data.npz"


def right(outcome: Outcome) -> list[str]:
    return [*held_to_forty(outcome), *unlike_the_source(outcome)]


CASE = Case(
    about="Resize by 1.5 with round_prefer_floor (tvm#19500)",
    make=make,
    right=right,
    target=TARGET,
)
