"""Pairs of samples that people judged: `Samples.marks` of embeddings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeopt.tasks.embedding import Pairs


@dataclass(frozen=True, eq=False)
class MarkedPairs:
    """Pairs of `count` samples.

    Attributes:
        pairs: by the samples' numbers, 0..count-1.
    """

    pairs: Pairs
    count: int

    def __len__(self) -> int:
        return self.count

    def take(self, indices: Sequence[int] | np.ndarray) -> MarkedPairs:
        """The pairs whose two samples are both at `indices`, numbered as they stand there.

        A sample that is taken twice stands at its first place.
        """
        chosen = np.arange(self.count)[indices]
        place = np.full(self.count, -1)
        place[chosen[::-1]] = np.arange(len(chosen))[::-1]
        left, right = place[self.pairs.left], place[self.pairs.right]
        kept = (left >= 0) & (right >= 0)
        same, likeness = self.pairs.same, self.pairs.likeness
        pairs = replace(
            self.pairs,
            left=left[kept],
            right=right[kept],
            same=None if same is None else same[kept],
            likeness=None if likeness is None else likeness[kept],
        )
        return MarkedPairs(pairs, len(chosen))

    def sha256(self) -> str:
        """Identity of the pairs and of what is said of each."""
        digest = hashlib.sha256(f"{self.count};".encode())
        named = vars(self.pairs)
        for name in ("left", "right", "same", "likeness"):
            if named[name] is not None:
                digest.update(f"{name} {named[name].dtype.str} {len(named[name])};".encode())
                digest.update(np.ascontiguousarray(named[name]).tobytes())
        return digest.hexdigest()

    def groups(self) -> np.ndarray:
        """int64[count]: samples that pairs connect have one number, so that no part cuts a pair."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        ends = (self.pairs.left, self.pairs.right)
        graph = coo_array((np.ones(len(self.pairs)), ends), shape=(self.count, self.count))
        numbers: np.ndarray = connected_components(graph, directed=False)[1]
        return numbers.astype(np.int64)
