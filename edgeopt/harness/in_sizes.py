"""Samples of an axis that stays open: cut to the size that each needs, and answers put together.

Arrays of samples are at the largest of the stated sizes. What is past the end of a sample's own
answer is +infinity, which no output of floats has there (decision 60).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.domain.open_axis import KeptAxis
from edgeopt.domain.tensor import Binding

PAST_THE_END = np.inf


@dataclass(frozen=True)
class Sizes:
    """At which size samples are fed.

    Attributes:
        of: int[n], each sample's; None: all are cut to `size`. size: 0: nothing is cut.
    """

    kept: KeptAxis
    of: np.ndarray | None
    size: int = 0

    def rows(self, size: int) -> np.ndarray:
        """int[m], ascending: the samples of a size."""
        assert self.of is not None
        return np.flatnonzero(self.of == size)

    def cut(self, name: str, array: np.ndarray) -> np.ndarray:
        """Samples [n, ...] of an input as they are fed."""
        axis = self.kept.places.get(name)
        if axis is None or not self.size:
            return array
        return array[(slice(None),) * (axis + 1) + (slice(self.size),)]

    def bound(self, binding: Binding) -> Binding:
        """A binding with the shape that is fed."""
        return self.kept.bound(binding, self.size) if self.size else binding


def joined(
    shapes: Mapping[str, tuple[int, ...]],
    count: int,
    parts: list[tuple[np.ndarray, dict[str, np.ndarray]]],
) -> dict[str, np.ndarray]:
    """{output: [count, *shape]} of answers at several sizes.

    Args:
        shapes: of each output at the largest size. parts: (int[m], places among `count`; {output:
            [m, *shape at their size]}).
    """
    found = {}
    for name, shape in shapes.items():
        dtype = parts[0][1][name].dtype
        whole = np.empty((count, *shape), dtype)
        if any(answers[name].shape[1:] != shape for _, answers in parts):
            whole.fill(PAST_THE_END)
        for rows, answers in parts:
            own = answers[name]
            places: tuple[Any, ...] = (rows, *(slice(side) for side in own.shape[1:]))
            whole[places] = own
        found[name] = whole
    return found
