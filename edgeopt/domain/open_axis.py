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
