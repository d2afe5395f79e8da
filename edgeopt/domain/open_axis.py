"""An axis that the source leaves open and that what is made from it does not."""

from __future__ import annotations

import re
from typing import Literal

from edgeopt.domain.model import Value

#: What exporters call the first axis where it counts samples, or where nobody named it.
_BATCH = re.compile(r"n|b|bs|batch.*|.*batch|none|unk.*|dim_?\d+|[sd]\d+|.*_dim_0|.*dynamic_axes.*")


def says_batch(name: str) -> bool:
    """Whether an open axis is called the batch, wherever it stands."""
    return "batch" in name.lower()


Basis = Literal["data", "said", "batch"]


class OpenAxis(Value, kw_only=True, frozen=True):
    """One axis of one input.

    Attributes:
        name: what the source calls it. size: what it is fixed to.
        basis: what says so: the samples of the data, the user, or nothing (then it is 1: one
            sample at a time).
    """

    input: str
    axis: int
    name: str
    size: int
    basis: Basis

    @property
    def usual(self) -> bool:
        """Whether it is the batch, which is 1 in all that is made."""
        return self.basis == "batch" and bool(_BATCH.fullmatch(self.name.lower()))

    def __str__(self) -> str:
        basis = {
            "data": "as in the data",
            "said": "as you said",
            "batch": "since nothing says what it should be",
        }[self.basis]
        return (
            f"axis {self.axis} ({self.name!r}) of input {self.input!r} is open in the source and "
            f"{self.size} in what is made here, {basis}"
        )


def advice(axes: tuple[OpenAxis, ...], shapes: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    """A warning for each input that loses sizes it could take.

    Args:
        shapes: of the inputs, as they were fixed.
    """
    found = []
    for name in dict.fromkeys(axis.input for axis in axes):
        own = [axis for axis in axes if axis.input == name]
        if all(axis.usual for axis in own):
            continue
        told = "; ".join(str(axis) for axis in own if not axis.usual)
        which = {axis.axis: axis.name.upper() for axis in own if not axis.usual}
        sizes = "x".join(str(which.get(i, dim)) for i, dim in enumerate(shapes[name]))
        found.append(
            f"{told}: every other size is refused there. For another one run again with "
            f"--shape {name}={sizes}, and a number for {' and '.join(which.values())}."
        )
    return tuple(found)
