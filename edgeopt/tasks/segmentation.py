"""Segmentation: mIoU and Dice over all pixels of all images, by class, and the boundaries' F.

Maps are int[height, width] of class numbers; pixels whose truth is -1 belong to no class and are
not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from edgeopt.decoding import class_map
from edgeopt.decoding.outputs import WrongHead
from edgeopt.decoding.placement import Placement
from edgeopt.domain.errors import BadInput
from edgeopt.tasks.contributions import Contributions, Floats, Sums, Table
from edgeopt.tasks.tables import Each
from edgeopt.tasks.task import Measure, Outputs

#: How far a boundary may lie off, in shares of the image's diagonal (DAVIS, Perazzi 2016).
REACH = 0.008


@dataclass(frozen=True)
class Areas:
    """Pixels of n images: [n, K] each.

    Attributes:
        common: where truth and answer are of the class. answered, true: where either is.
    """

    common: Floats
    answered: Floats
    true: Floats

    def __len__(self) -> int:
        return len(self.common)

    def iou(self, first: int = 0) -> Sums:
        """The mean, over classes that occur, of intersection over union.

        Args:
            first: classes below it are left out: 1 where 0 is the background.
        """
        return Sums(self._columns(first), lambda sums: _mean(by_class_iou(sums)))

    def dice(self, first: int = 0) -> Sums:
        """The mean, over classes that occur, of twice the intersection by both areas."""
        return Sums(self._columns(first), lambda sums: _mean(by_class_dice(sums)))

    def class_iou(self, number: int) -> Sums:
        """Intersection over union of one class; nan where it does not occur."""
        return Sums(self._columns_of(number), lambda sums: float(by_class_iou(sums)[0]))

    def class_dice(self, number: int) -> Sums:
        """Dice of one class; nan where it does not occur."""
        return Sums(self._columns_of(number), lambda sums: float(by_class_dice(sums)[0]))

    def _columns_of(self, number: int) -> Floats:
        return self._columns(0).reshape(len(self), 3, -1)[:, :, number]

    def _columns(self, first: int) -> Floats:
        parts = (self.common, self.answered, self.true)
        return np.concatenate([part[:, first:] for part in parts], axis=1)


def by_class_iou(sums: Floats) -> Floats:
    """[K] of sums [3K]: common, answered, true; nan for a class that does not occur."""
    common, answered, true = sums.reshape(3, -1)
    return _quotient(common, answered + true - common)


def by_class_dice(sums: Floats) -> Floats:
    """[K] of sums [3K], as `by_class_iou`."""
    common, answered, true = sums.reshape(3, -1)
    return _quotient(2 * common, answered + true)


def areas(answers: Iterable[np.ndarray], truths: Iterable[np.ndarray], classes: int) -> Areas:
    """The pixels of each class in each pair of maps.

    Raises:
        BadInput: a map and its truth differ in size, or a truth is of no such class.
    """
    rows = [_pixels(found, wanted, classes) for found, wanted in zip(answers, truths, strict=True)]
    table = np.array(rows, np.float64).reshape(-1, 3, classes)
    return Areas(table[:, 0], table[:, 1], table[:, 2])


def _pixels(found: np.ndarray, wanted: np.ndarray, classes: int) -> list[np.ndarray]:
    _require_same_size(found, wanted)
    known = wanted >= 0
    answered, true = found[known], wanted[known]
    if true.max(initial=0) >= classes:
        raise BadInput(
            f"a mask holds class {true.max()}, but the model knows {classes} (0 to {classes - 1}).",
            "Number the classes as the model's output does; 255 is no class.",
        )
    counted = (true[answered == true], answered, true)
    return [np.bincount(one, minlength=classes)[:classes] for one in counted]


def boundary(
    answers: Iterable[np.ndarray],
    truths: Iterable[np.ndarray],
    classes: int,
    first: int = 0,
    reach: float = REACH,
) -> Sums:
    """F of boundaries (Csurka, BMVC 2013): of each image and class, then averaged over both.

    Precision is the share of the answer's boundary that lies within `reach` of the truth's, recall
    the other way round. The image's edge is no boundary.

    Args:
        reach: in shares of the image's diagonal, rounded up to whole pixels.

    Raises:
        BadInput: a map and its truth differ in size.
    """
    rows = [
        [_agreement(found, wanted, number, reach) for number in range(first, classes)]
        for found, wanted in zip(answers, truths, strict=True)
    ]
    table = np.array(rows, np.float64).reshape(-1, classes - first)
    there = ~np.isnan(table)
    columns = np.concatenate([np.where(there, table, 0), there], axis=1)
    return Sums(columns, lambda sums: _mean(_quotient(*sums.reshape(2, -1))))


def _agreement(found: np.ndarray, wanted: np.ndarray, number: int, reach: float) -> float:
    """F of one class in one image; nan where it has no boundary in either."""
    _require_same_size(found, wanted)
    lines = [outline((one == number) & (wanted >= 0)) for one in (found, wanted)]
    if not lines[0].any() and not lines[1].any():
        return float("nan")
    if not lines[0].any() or not lines[1].any():
        return 0.0
    pixels = float(np.ceil(reach * np.hypot(*wanted.shape)))
    precision = (_distance(lines[1])[lines[0]] <= pixels).mean()
    recall = (_distance(lines[0])[lines[1]] <= pixels).mean()
    both = precision + recall
    return float(2 * precision * recall / both) if both > 0 else 0.0


def outline(region: np.ndarray) -> np.ndarray:
    """bool[height, width]: the region's pixels that have a neighbour beside them outside of it."""
    from scipy.ndimage import binary_erosion

    return np.asarray(region & ~binary_erosion(region, border_value=1))


def _distance(line: np.ndarray) -> np.ndarray:
    """[height, width]: pixels to the nearest of a line."""
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(~line))


def _require_same_size(found: np.ndarray, wanted: np.ndarray) -> None:
    if found.shape != wanted.shape:
        raise BadInput(
            f"an answer of {found.shape[1]} x {found.shape[0]} pixels cannot be judged by a mask "
            f"of {wanted.shape[1]} x {wanted.shape[0]}.",
            "Give masks of the images' size.",
        )


def _quotient(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


MIOU, DICE, BOUNDARY = "miou", "dice", "boundary-f"
MEASURES = (
    Measure(MIOU, "intersection over union of all pixels, the mean of the classes"),
    Measure(DICE, "twice the intersection by both areas, the mean of the classes"),
    Measure(BOUNDARY, "F of the boundaries within 0.8 % of the image's diagonal"),
)

Maps = Sequence[np.ndarray]


@dataclass(frozen=True)
class Segmentation:
    """A segmenter, or a map of where text is (DB): the class of each pixel.

    Attributes:
        size: (height, width) of the model's input. names: the classes by number.
        first: classes below it are not judged: 1 where 0 is the background.
        threshold: of one plane of probabilities; DB's is 0.3.
    """

    size: tuple[int, int]
    names: tuple[str, ...]
    first: int = 0
    threshold: float = 0.5
    name: str = field(default="segmentation", init=False)
    measures: tuple[Measure, ...] = field(default=MEASURES, init=False)

    def answers(self, outputs: Outputs, contexts: Sequence[Placement]) -> list[np.ndarray]:
        """int16[height, width] of each image, in its own pixels.

        Raises:
            BadInput: no output, or more than one, is a map.
        """
        found = []
        try:
            for i, place in enumerate(contexts):
                one = {name: array[i] for name, array in outputs.items()}
                found.append(class_map.decode(one, self.size, place, self.threshold))
        except WrongHead as error:
            raise BadInput(str(error), "Name the output that holds the map.") from error
        return found

    def truths_of(self, answers: Maps) -> Maps:
        """The source's own maps."""
        return answers

    def blind(self, truths: Maps) -> dict[str, list[np.ndarray]]:
        """See `task.Blind`."""
        counts = sum(np.bincount(one[one >= 0], minlength=len(self.names)) for one in truths)
        commonest = int(np.argmax(counts))
        return {"the commonest class everywhere": [np.full_like(one, commonest) for one in truths]}

    def judged(self, answers: Maps, truths: Maps) -> JudgedMaps:
        """Compare each image's map with its mask.

        Raises:
            ValueError: they are of different numbers of images.
        """
        if len(answers) != len(truths):
            raise ValueError(f"{len(truths)} images have masks, {len(answers)} were answered")
        return JudgedMaps(answers, truths, self.names, self.first)


@dataclass(frozen=True)
class JudgedMaps:
    """Maps beside their masks."""

    answers: Maps
    truths: Maps
    names: tuple[str, ...]
    first: int

    @cached_property
    def areas(self) -> Areas:
        """The pixels, counted once for all measures. Raises BadInput."""
        return areas(self.answers, self.truths, len(self.names))

    def contributions(self, measure: str) -> Contributions:
        """What each image adds to a measure. Raises KeyError, BadInput."""
        of = {MIOU: self.areas.iou, DICE: self.areas.dice, BOUNDARY: self._boundary}
        return of[measure](self.first)

    def _boundary(self, first: int) -> Sums:
        return boundary(self.answers, self.truths, len(self.names), first)

    def slices(self, measure: str) -> Mapping[str, Table]:
        """By class. Raises KeyError, BadInput."""
        of = {
            MIOU: self.areas.class_iou,
            DICE: self.areas.class_dice,
            BOUNDARY: lambda number: boundary(self.answers, self.truths, number + 1, number),
        }[measure]
        numbers = range(self.first, len(self.names))
        each = {self.names[number]: of(number) for number in numbers}
        return {"class": Each(each, self.areas.true[:, self.first :] > 0)}
