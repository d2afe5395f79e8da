"""Recall where a detector may be wrong so many times an image: what an alarm is set by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.tasks.contributions import Floats, Integers
from edgeopt.tasks.matching import Matches


@dataclass(frozen=True)
class RecallAt:
    """The share of objects found by the lowest threshold of scores that keeps to a rate.

    One threshold serves all classes, as a user sets one. Equal scores lie on the same side of it.

    Attributes:
        count: n images. rate: false positives an image that are allowed.
        image: [d], of the detections that count, by falling score. hit: bool[d].
        last: bool[d], the next score is lower. objects: [n], that count, in each image.
    """

    count: int
    rate: float
    image: Integers
    hit: NDArray[np.bool_]
    last: NDArray[np.bool_]
    objects: Floats

    def __len__(self) -> int:
        return self.count

    def value(self, weights: NDArray[np.number] | None = None) -> float:
        """Recall within 0..1; nan where there are no objects."""
        weights = np.ones(self.count) if weights is None else np.asarray(weights, np.float64)
        objects = float(weights @ self.objects)
        if objects == 0:
            return float("nan")
        each = weights[self.image]
        wrong = np.cumsum(np.where(self.hit, 0.0, each))
        # Rounding must not decide: 0.1 * 30 images are 3 false positives.
        allowed = self.rate * float(weights.sum()) * (1 + 1e-12)
        within = np.flatnonzero(self.last & (wrong <= allowed))
        if not len(within):
            return 0.0
        right = np.cumsum(np.where(self.hit, each, 0.0))
        return float(right[within[-1]]) / objects


def recall_at(matches: Matches, rate: float, overlap: int = 0, size: str = "all") -> RecallAt:
    """The contributions at one of the overlaps (its index; 0 is 0.50)."""
    s = matches.sizes.index(size)
    hit, ignored = matches.hit[s, overlap], matches.ignored[s, overlap]
    counted = np.flatnonzero(hit | (matches.inside[s] & ~ignored))
    order = counted[np.argsort(-matches.scores[counted], kind="stable")]
    scores = matches.scores[order]
    images = matches.object_image[matches.counted[s]]
    return RecallAt(
        count=matches.count,
        rate=rate,
        image=matches.image[order],
        hit=hit[order],
        last=np.append(scores[1:] != scores[:-1], [True])[: len(scores)],
        objects=np.bincount(images, minlength=matches.count).astype(np.float64),
    )
