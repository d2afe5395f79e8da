"""Recall where a detector may be wrong so many times an image: what an alarm is set by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.tasks.contributions import Floats, Integers, Weights, as_floats
from edgeopt.tasks.matching import Matches


@dataclass(frozen=True)
class RecallAt:
    """The share of objects found by the lowest threshold of scores that keeps to a rate.

    One threshold serves all classes, as a user sets one. Equal scores lie on the same side of it.

    Attributes:
        count: n images. rate: false positives an image that are allowed. classes: K.
        image, label: [d], of the detections that count, by falling score. hit: bool[d].
        last: bool[d], the next score is lower.
        object_image, object_class: of the objects that count.
    """

    count: int
    rate: float
    classes: int
    image: Integers
    label: Integers
    hit: NDArray[np.bool_]
    last: NDArray[np.bool_]
    object_image: Integers
    object_class: Integers

    def __len__(self) -> int:
        return self.count

    def value(self, weights: Weights = None) -> float:
        """Recall within 0..1; nan where there are no objects."""
        found, objects = self._found_of(as_floats(weights, self.count))
        return float(found.sum() / objects.sum()) if objects.sum() else float("nan")

    @property
    def there(self) -> NDArray[np.bool_]:
        """[n, K]: the images with an object of each class."""
        found = np.zeros((self.count, self.classes), bool)
        found[self.object_image, self.object_class] = True
        return found

    def by_class(self, weights: Weights = None) -> Floats:
        """[K], at the one threshold of them all; nan for a class without objects."""
        found, objects = self._found_of(as_floats(weights, self.count))
        return np.divide(found, objects, out=np.full(self.classes, np.nan), where=objects > 0)

    def _found_of(self, samples: Floats) -> tuple[Floats, Floats]:
        """Of each class the objects that were found, and all."""
        each = samples[self.image]
        wrong = np.cumsum(np.where(self.hit, 0.0, each))
        # Rounding must not decide: 0.1 * 30 images are 3 false positives.
        allowed = self.rate * float(samples.sum()) * (1 + 1e-12)
        within = np.flatnonzero(self.last & (wrong <= allowed))
        end = int(within[-1]) + 1 if len(within) else 0
        right = np.where(self.hit[:end], each[:end], 0.0)
        found = np.bincount(self.label[:end], right, minlength=self.classes)
        objects = np.bincount(self.object_class, samples[self.object_image], minlength=self.classes)
        return np.asarray(found, np.float64), np.asarray(objects, np.float64)


def recall_at(matches: Matches, rate: float, overlap: int = 0, size: str = "all") -> RecallAt:
    """The contributions at one of the overlaps (its index; 0 is 0.50)."""
    s = matches.sizes.index(size)
    hit, ignored = matches.hit[s, overlap], matches.ignored[s, overlap]
    counted = np.flatnonzero(hit | (matches.inside[s] & ~ignored))
    order = counted[np.argsort(-matches.scores[counted], kind="stable")]
    scores = matches.scores[order]
    return RecallAt(
        count=matches.count,
        rate=rate,
        classes=len(matches.names),
        image=matches.image[order],
        label=matches.classes[order],
        hit=hit[order],
        last=np.append(scores[1:] != scores[:-1], [True])[: len(scores)],
        object_image=matches.object_image[matches.counted[s]],
        object_class=matches.object_class[matches.counted[s]],
    )
