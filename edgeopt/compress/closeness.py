"""How far answers of any kind are from the source's, in units of what the source's own vary by.

A tensor may hold pixels beside probabilities: each part of like scale counts as much as any other,
as parity has it (docs/decisions/0031-fidelity-by-slice.md). The unit of a part is what its places
vary by from sample to sample: 1 is the distance of a model that always gives their mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.datasets.fidelity import compared_samples
from edgeopt.datasets.parts import Part, parts

if TYPE_CHECKING:
    import torch

#: Of a part's power: what varies by less does not vary.
LEAST_SHARE, LEAST = 1e-6, 1e-12


@dataclass(frozen=True, eq=False)
class Closeness:
    """Of one part of an output.

    Attributes:
        output: the position of the output among those that train.
        part: which slices of it. unit: mean square.
        weights: [n, ...] of the places of all samples, of mean 1; None: all are alike.
    """

    output: int
    part: Part
    unit: float
    weights: torch.Tensor | None = None

    def distance(
        self, student: torch.Tensor, source: torch.Tensor, rows: np.ndarray
    ) -> torch.Tensor:
        """The mean square of the differences, in units.

        Args:
            student, source: the whole output, [m, *shape], for the samples `rows`. What the source
                leaves infinite or NaN does not count.
        """
        import torch

        squares = torch.where(source.isfinite(), student - source, 0.0).pow(2)
        found = of_part(self.part, squares)
        if self.weights is not None:
            found = found * self.weights[rows]
        return found.mean() / self.unit


def of_part(part: Part, values: torch.Tensor) -> torch.Tensor:
    """The part of [n, *shape]."""
    import torch

    if part.axis is None:
        return values
    return values.index_select(part.axis + 1, torch.tensor(part.slices))


def closeness(output: int, name: str, answers: torch.Tensor) -> list[Closeness]:
    """Every part of an output, by the source's answers [n, *shape]."""
    values = answers.numpy()
    found = parts(name, values[: compared_samples(values)])
    return [Closeness(output, part, _unit(of_part(part, answers))) for part in _whole(found)]


def _whole(found: tuple[Part, ...]) -> list[Part]:
    """With the slices that are silent in the source: they go with the part before, or the first."""
    axis = found[0].axis
    if axis is None:
        return list(found)
    known = sorted(number for part in found for number in part.slices)
    silent = set(range(found[0].shape[axis])) - set(known)
    own: dict[int, list[int]] = {i: list(part.slices) for i, part in enumerate(found)}
    for number in silent:
        before = max((k for k in known if k < number), default=known[0])
        next(slices for slices in own.values() if before in slices).append(number)
    return [replace(part, slices=tuple(sorted(own[i]))) for i, part in enumerate(found)]


def _unit(values: torch.Tensor) -> float:
    """What values [n, ...] vary by over samples, the mean over all places."""
    known = values.nan_to_num(0.0, 0.0, 0.0)
    power = float(known.pow(2).mean())
    return max(float(known.var(0, correction=0).mean()), LEAST_SHARE * power, LEAST)
