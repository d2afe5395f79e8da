"""Several measures of the same samples side by side, by name: classes, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.tasks.contributions import Contributions, Floats, Weights


@dataclass(frozen=True)
class Each:
    """A `Table` of contributions by name, one at least, all of the same n samples.

    Attributes:
        marked: bool[n, k], `Table.there`; None: each sample has them all.
    """

    parts: Mapping[str, Contributions]
    marked: NDArray[np.bool_] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the k values."""
        return tuple(self.parts)

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    @property
    def there(self) -> NDArray[np.bool_]:
        """[n, k]."""
        every = np.ones((len(self), len(self.parts)), bool)
        return every if self.marked is None else self.marked

    def values(self, weights: Weights = None) -> Floats:
        """[k]."""
        return np.array([part.value(weights) for part in self.parts.values()])
