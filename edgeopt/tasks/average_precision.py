"""Average precision of detections (COCO, 101 points), as contributions of images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.tasks.contributions import Floats, Integers, Weights, as_floats
from edgeopt.tasks.matching import Matches, apart

#: The recalls at which COCO reads the precision.
RECALLS = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True)
class AveragePrecision:
    """The mean, over classes and overlaps, of the area under precision over recall.

    Precision changes its envelope only where an object is found, so that only the hits are walked
    over: what lies between them is a difference of two running sums. A segment is the hits of one
    overlap and class, by falling score.

    Attributes:
        count: n images. classes: K.
        image: [d], of the detections by class and falling score. class_begin: [K + 1], into them.
        inside: bool[d], it counts as wrong where it finds nothing.
        hit: [h], places in them of the hits, by segment. segment: [h], overlap * K + class.
        change: [c], places, by segment, whose detection counts though it is not inside (+1) or
            does not count though it is (-1). sign: [c]. change_begin, change_end: [h], the changes
            of its segment until this hit.
        object_image, object_class: of the objects that count.
    """

    count: int
    classes: int
    overlaps: int
    image: Integers
    class_begin: Integers
    inside: NDArray[np.bool_]
    hit: Integers
    segment: Integers
    change: Integers
    sign: Integers
    change_begin: Integers
    change_end: Integers
    object_image: Integers
    object_class: Integers

    def __len__(self) -> int:
        return self.count

    def value(self, weights: Weights = None) -> float:
        """mAP within 0..1; nan where no class has an object."""
        found = self.by_overlap_and_class(weights)
        defined = ~np.isnan(found)
        return float(found[defined].mean()) if defined.any() else float("nan")

    @property
    def there(self) -> NDArray[np.bool_]:
        """[n, K]: the images with an object of each class."""
        found = np.zeros((self.count, self.classes), bool)
        found[self.object_image, self.object_class] = True
        return found

    def by_class(self, weights: Weights = None) -> Floats:
        """[K], the mean over overlaps; nan for a class without objects."""
        found: Floats = self.by_overlap_and_class(weights).mean(axis=0)
        return found

    def by_overlap_and_class(self, weights: Weights = None) -> Floats:
        """[t, K]; nan for a class without objects."""
        each = as_floats(weights, self.count)
        there = np.bincount(self.object_class, each[self.object_image], minlength=self.classes)
        objects = np.asarray(there, np.float64)
        area = self._area(each, objects).reshape(self.overlaps, self.classes)
        area[:, objects == 0] = np.nan
        return area

    def _area(self, weights: Floats, objects: Floats) -> Floats:
        """[t * K]: the envelope of precision at RECALLS, on average."""
        segments = self.overlaps * self.classes
        if not len(self.hit):
            return np.zeros(segments)
        right = self._running(weights[self.image[self.hit]])
        precision = np.zeros(len(right))
        np.divide(right, self._counted(weights), out=precision, where=right > 0)
        reached = self._recalls_reached(right, objects[self.segment % self.classes])
        new = np.diff(reached, prepend=0)
        begins = np.flatnonzero(np.diff(self.segment, prepend=-1))
        new[begins] = reached[begins]
        return np.bincount(self.segment, self._envelope(precision) * new, segments) / len(RECALLS)

    def _running(self, values: Floats) -> Floats:
        """The running sum of [h] within each segment."""
        begins = np.flatnonzero(np.diff(self.segment, prepend=-1))
        total = np.cumsum(values)
        before = total[begins] - values[begins]
        running: Floats = total - np.repeat(before, np.diff(np.append(begins, len(values))))
        return running

    def _counted(self, weights: Floats) -> Floats:
        """[h]: the detections of the class that count, until each hit."""
        total = _from_zero(weights[self.image] * self.inside)
        changes = _from_zero(self.sign * weights[self.image[self.change]])
        counted: Floats = total[self.hit + 1] - total[self.class_begin[self.segment % self.classes]]
        counted += changes[self.change_end] - changes[self.change_begin]
        return counted

    def _recalls_reached(self, right: Floats, objects: Floats) -> Integers:
        """[h]: how many of RECALLS are at most the recall until each hit."""
        recall = np.divide(right, objects, out=np.zeros_like(right), where=objects > 0)
        # Not floor(100 * recall): 7 of 100 are less than RECALLS[7], which is 0.07 + 1.4e-17.
        reached: Integers = (recall * 100).astype(np.int64)
        reached -= RECALLS[reached] > recall
        reached += RECALLS[np.minimum(reached + 1, 100)] <= recall
        return np.minimum(reached, 100) + 1

    def _envelope(self, precision: Floats) -> Floats:
        """[h]: the largest precision from each hit on, within its segment."""
        # Each segment lies 2 above the one after it, so that one running maximum serves them all.
        raised = precision[::-1] - 2.0 * self.segment[::-1]
        envelope: Floats = np.maximum.accumulate(raised)[::-1] + 2.0 * self.segment
        return envelope


def average_precision(
    matches: Matches, size: str = "all", overlaps: slice = slice(None)
) -> AveragePrecision:
    """The contributions for one size of objects, at some of the overlaps."""
    s = matches.sizes.index(size)
    hits, ignored = matches.hit[s, overlaps], matches.ignored[s, overlaps]
    # What never counts, of another size, is left out: a resample takes time for what is kept.
    kept = np.flatnonzero(matches.inside[s] | hits.any(axis=0))
    hits, ignored, inside = hits[:, kept], ignored[:, kept], matches.inside[s, kept]
    classes, labels = len(matches.names), matches.classes[kept]
    segment, hit = _places(hits, labels, classes)
    changed, change = _places((hits & ~inside) | (ignored & inside), labels, classes)
    width = len(inside) + 1
    along = changed * width + change
    counted = matches.counted[s]
    return AveragePrecision(
        count=matches.count,
        classes=classes,
        overlaps=len(hits),
        image=matches.image[kept],
        class_begin=np.searchsorted(labels, np.arange(classes + 1)),
        inside=inside,
        hit=hit,
        segment=segment,
        change=change,
        sign=np.where(inside[change], -1, 1),
        change_begin=np.searchsorted(along, segment * width),
        change_end=np.searchsorted(along, segment * width + hit, "right"),
        object_image=matches.object_image[counted],
        object_class=matches.object_class[counted],
    )


def alone(matches: Matches, overlaps: slice = slice(None)) -> Floats:
    """[n]: mAP of each image by itself; nan where it has no object."""
    each = average_precision(apart(matches), overlaps=overlaps).by_overlap_and_class()
    areas = each.reshape(len(each), matches.count, -1)
    defined = ~np.isnan(areas)
    total = np.where(defined, areas, 0).sum(axis=(0, 2))
    count = defined.sum(axis=(0, 2))
    return np.divide(total, count, out=np.full(matches.count, np.nan), where=count > 0)


def _places(marked: NDArray[np.bool_], classes: Integers, count: int) -> tuple[Integers, Integers]:
    """The marked places of [t, d], as segments and places, ordered by both."""
    t, place = np.nonzero(marked)
    return t * count + classes[place], place


def _from_zero(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])
