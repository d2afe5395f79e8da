"""Boxes of many images in flat arrays: the labelled objects, and what a detector gave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeopt.tasks import shapes as shaped
from edgeopt.tasks.contributions import Floats, Integers
from edgeopt.tasks.shapes import Shapes

if TYPE_CHECKING:
    from edgeopt.decoding.detections import Detections


@dataclass(frozen=True)
class GroundTruth:
    """The m labelled objects of n images.

    Attributes:
        count: n; an image without objects counts, too.
        image: [m], 0..n-1, never falling.
        boxes: [m, 4], x1 y1 x2 y2 in pixels of the image.
        classes: [m], 0..K-1.
        names: the K classes, whether or not they have objects here.
        area: [m], square pixels: COCO's own figure (of the mask), else width times height.
        crowd: [m], regions of many objects: a detection in one is neither right nor wrong.
        shapes: [m], what is compared where it is no upright box: rotated boxes, or masks.
    """

    count: int
    image: Integers
    boxes: Floats
    classes: Integers
    names: tuple[str, ...]
    area: Floats
    crowd: NDArray[np.bool_]
    shapes: Shapes | None = None

    def __post_init__(self) -> None:
        _check_rows(self.count, self.image, self.boxes, self.classes, self.area, self.crowd)
        _check_range("class", self.classes, len(self.names))


@dataclass(frozen=True)
class DetectionSet:
    """The m detections of n images, in the images' order.

    Attributes:
        count: n. image: [m], 0..n-1, never falling.
        boxes: [m, 4], x1 y1 x2 y2 in pixels of the image.
        classes: [m], scores: [m], higher is surer. shapes: as in `GroundTruth`.
    """

    count: int
    image: Integers
    boxes: Floats
    classes: Integers
    scores: Floats
    shapes: Shapes | None = None

    def __post_init__(self) -> None:
        _check_rows(self.count, self.image, self.boxes, self.classes, self.scores)

    def take(self, rows: NDArray[np.bool_]) -> DetectionSet:
        """Some of the detections, bool[m], of the same images."""
        return DetectionSet(
            self.count,
            self.image[rows],
            self.boxes[rows],
            self.classes[rows],
            self.scores[rows],
            None if self.shapes is None else self.shapes.take(rows),
        )

    def as_truth(self, names: tuple[str, ...], least_score: float) -> GroundTruth:
        """The detections of at least this score as labels: what agreement is measured with."""
        sure = self.scores >= least_score
        boxes = self.boxes[sure]
        return GroundTruth(
            self.count,
            self.image[sure],
            boxes,
            self.classes[sure],
            names,
            (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]),
            np.zeros(len(boxes), bool),
            None if self.shapes is None else self.shapes.take(sure),
        )


def joined(each: Iterable[Detections]) -> DetectionSet:
    """The detections of each image, boxes in that image's pixels, as one set.

    Masks are kept as run lengths as soon as an image is there: those of one of 1280 x 720 pixels
    may take 268 MiB.
    """
    parted = list(map(_parted, each))
    images, masks = [found for found, _ in parted], [one for _, one in parted if one is not None]
    sizes = [len(found.scores) for found in images]
    boxes = [np.asarray(found.boxes, np.float64).reshape(-1, 4) for found in images]
    return DetectionSet(
        len(images),
        np.repeat(np.arange(len(images)), sizes),
        np.concatenate([np.zeros((0, 4)), *boxes]),
        np.concatenate([np.zeros(0, np.int64), *(found.classes for found in images)]),
        np.concatenate([np.zeros(0), *(found.scores for found in images)]),
        _shapes(images, masks),
    )


def _parted(found: Detections) -> tuple[Detections, shaped.Masks | None]:
    """The detections of an image without their masks, and these as run lengths."""
    if found.masks is None:
        return found, None
    return replace(found, masks=None), shaped.of_masks([found.masks])


def _shapes(images: list[Detections], masks: list[shaped.Masks]) -> Shapes | None:
    """Masks or rotated boxes, where the head gives them."""
    if images and len(masks) == len(images):
        return shaped.Masks(tuple(run for one in masks for run in one.runs))
    if images and all(found.rotated is not None for found in images):
        return shaped.Rotated(np.concatenate([found.rotated for found in images]))
    return None


def _check_rows(count: int, image: Integers, boxes: Floats, *others: np.ndarray) -> None:
    lengths = [len(image), len(boxes), *(len(other) for other in others)]
    if len(set(lengths)) > 1 or boxes.shape[1:] != (4,):
        raise ValueError(f"arrays of m rows and boxes [m, 4] wanted, got {lengths}, {boxes.shape}")
    if (np.diff(image) < 0).any():
        raise ValueError("rows in the order of their images wanted")
    _check_range("image", image, count)


def _check_range(what: str, values: Integers, count: int) -> None:
    if len(values) and not 0 <= values.min() <= values.max() < count:
        raise ValueError(f"each {what} is 0..{count - 1}, got {values.min()}..{values.max()}")
