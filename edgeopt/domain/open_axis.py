"""Axes that the source leaves open: fixed in what is made from it, or, where it is asked, kept."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from edgeopt.domain.model import Value
from edgeopt.domain.tensor import Binding

#: What exporters call the first axis where it counts samples, or where nobody named it.
_BATCH = re.compile(r"n|b|bs|batch.*|.*batch|none|unk.*|dim_?\d+|[sd]\d+|.*_dim_0|.*dynamic_axes.*")


def says_batch(name: str) -> bool:
    """Whether an open axis is called the batch, wherever it stands."""
    return "batch" in name.lower()


Basis = Literal["data", "said", "batch", "guessed"]


class OpenAxis(Value, kw_only=True, frozen=True):
    """One axis of one input.

    Attributes:
        name: what the source calls it. size: what it is fixed to.
        basis: what says so: the samples of the data, the user, or nothing (then it is 1: one
            sample at a time; "guessed": a usual size, since there is no data).
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


class OpenAsked(Value, kw_only=True, frozen=True):
    """An axis that is to stay open: `--open-axis INPUT:AXIS=SIZES`.

    Attributes:
        sizes: in ascending order: samples are padded to the smallest that holds them, and what is
            chosen is timed at each.
    """

    input: str
    axis: int
    sizes: tuple[int, ...]


class KeptAxis(Value, kw_only=True, frozen=True):
    """An axis that stays open in all that is made (decision 60).

    Attributes:
        name: what the source calls it. places: input -> axis, of all inputs that share it.
        sizes: in ascending order; shapes are told at the largest.
        shapes: for each of the sizes the shape of every output.
    """

    name: str
    places: dict[str, int]
    sizes: tuple[int, ...]
    shapes: tuple[dict[str, tuple[int, ...]], ...] = ()

    @property
    def largest(self) -> int:
        """Of the stated sizes."""
        return self.sizes[-1]

    def shapes_at(self, size: int) -> dict[str, tuple[int, ...]]:
        """The shape of every output at one of the sizes."""
        return self.shapes[self.sizes.index(size)]

    def bound(self, binding: Binding, size: int) -> Binding:
        """The binding of an input with the shape that it has at one of the sizes."""
        axis = self.places.get(binding.source)
        if axis is None:
            return binding
        place = axis if binding.permute is None else binding.permute.index(axis)
        shape = (*binding.shape[:place], size, *binding.shape[place + 1 :])
        return msgspec.structs.replace(binding, shape=shape)

    @property
    def growing(self) -> tuple[str, ...]:
        """The outputs whose shape depends on the size."""
        first, *others = self.shapes
        return tuple(name for name in first if any(one[name] != first[name] for one in others))
