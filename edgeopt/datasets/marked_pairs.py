"""Pairs of samples as `Samples.marks`: those whose two samples are both there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.tasks.embedding import Pairs


@dataclass(frozen=True, eq=False)
class MarkedPairs:
    """Pairs of n samples.

    Attributes:
        pairs: numbers of samples, 0..count-1. count: n.
    """

    pairs: Pairs
    count: int

    def __len__(self) -> int:
        return self.count

    def take(self, indices: Any) -> MarkedPairs:
        """The samples at `indices`, and the pairs of which both samples are among them."""
        chosen = np.arange(self.count)[indices]
        place = np.full(self.count, -1)
        place[chosen] = np.arange(len(chosen))
        left, right = place[self.pairs.left], place[self.pairs.right]
        both = (left >= 0) & (right >= 0)
        same, likeness = (
            None if values is None else values[both]
            for values in (self.pairs.same, self.pairs.likeness)
        )
        pairs = Pairs(left[both], right[both], same, likeness, self.pairs.origin)
        return MarkedPairs(pairs, len(chosen))

    def sha256(self) -> str:
        """Identity of the pairs and of what is said of them."""
        digest = hashlib.sha256(str(self.count).encode())
        for values in (self.pairs.left, self.pairs.right, self.pairs.same, self.pairs.likeness):
            digest.update(b";" if values is None else np.ascontiguousarray(values).tobytes())
        return digest.hexdigest()
