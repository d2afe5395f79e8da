"""Several measures of the same samples side by side, by name: classes, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeopt.tasks.contributions import Contributions, Floats, Weights


@dataclass(frozen=True)
class Each:
    """A `Table` of contributions by name, one at least, all of the same n samples."""

    parts: Mapping[str, Contributions]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the k values."""
        return tuple(self.parts)

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    def values(self, weights: Weights = None) -> Floats:
        """[k]."""
        return np.array([part.value(weights) for part in self.parts.values()])
