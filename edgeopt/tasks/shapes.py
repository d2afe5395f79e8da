"""What detections and objects are compared by where it is no upright box: rotated boxes, masks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeopt.decoding import rotated
from edgeopt.domain.errors import NotInstalled
from edgeopt.tasks.contributions import Floats, Integers

_Own = TypeVar("_Own")


class Shapes(Protocol):
    """The shapes of m detections or objects."""

    def __len__(self) -> int:
        """m."""
        ...

    def take(self: _Own, index: Any) -> _Own:
        """These of them."""
        ...

    @property
    def areas(self) -> Floats:
        """[m], square pixels."""
        ...

    def overlaps(
        self, rows: Integers, others: Any, other_rows: Integers, crowd: NDArray[np.bool_]
    ) -> Floats:
        """[p]: intersection over union of pairs; with a crowd, over the first one's own area.

        Args:
            rows: [p], of these, never falling. others: of the same kind. other_rows: [p], of them.
            crowd: bool[p].
        """
        ...


@dataclass(frozen=True, eq=False)
class Rotated:
    """Rotated boxes, float64[m, 5] (`decoding.rotated`)."""

    boxes: Floats

    def __len__(self) -> int:
        return len(self.boxes)

    def take(self, index: Any) -> Rotated:
        """See `Shapes`."""
        return Rotated(self.boxes[index])

    @property
    def areas(self) -> Floats:
        """See `Shapes`."""
        found: Floats = self.boxes[:, 2] * self.boxes[:, 3]
        return found

    def overlaps(
        self, rows: Integers, others: Rotated, other_rows: Integers, crowd: NDArray[np.bool_]
    ) -> Floats:
        """See `Shapes`."""
        first, second = self.boxes[rows], others.boxes[other_rows]
        common = rotated.common(first, second)
        own, theirs = self.areas[rows], others.areas[other_rows]
        union = np.where(crowd, own, own + theirs - common)
        found: Floats = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
        return found


@dataclass(frozen=True, eq=False)
class Masks:
    """Masks as COCO keeps them: run lengths, by faster-coco-eval."""

    runs: tuple[Any, ...]

    def __len__(self) -> int:
        return len(self.runs)

    def take(self, index: Any) -> Masks:
        """See `Shapes`."""
        chosen = np.arange(len(self.runs))[index]
        return Masks(tuple(self.runs[i] for i in chosen))

    @property
    def areas(self) -> Floats:
        """See `Shapes`."""
        return np.array(_library().area(list(self.runs)) if self.runs else [], np.float64)

    def overlaps(
        self, rows: Integers, others: Masks, other_rows: Integers, crowd: NDArray[np.bool_]
    ) -> Floats:
        """See `Shapes`."""
        found = np.zeros(len(rows))
        begins = np.flatnonzero(np.diff(rows, prepend=-1))
        for pairs in np.split(np.arange(len(rows)), begins[1:]):
            if len(pairs):
                theirs = [others.runs[i] for i in other_rows[pairs]]
                own = [self.runs[rows[pairs[0]]]]
                found[pairs] = _library().iou(own, theirs, crowd[pairs].astype(np.uint8).tolist())[
                    0
                ]
        return found


def of_masks(masks: Iterable[np.ndarray]) -> Masks:
    """Of bool[m, height, width] arrays. Raises NotInstalled."""
    encode = _library().encode
    return Masks(
        tuple(encode(np.asfortranarray(one, np.uint8)) for every in masks for one in every)
    )


def of_outlines(
    outlines: Sequence[Sequence[np.ndarray]],
    boxes: Floats,
    sizes: Sequence[tuple[int, int]],
    runs: Sequence[np.ndarray | None] = (),
) -> Masks:
    """Of the rings or run lengths of m objects; an object without any is its box.

    Args:
        outlines: the rings float64[k, 2] of each. boxes: [m, 4]. sizes: (height, width) of each
            one's image. runs: int64[r] of each, down the columns, the first of background, or None.

    Raises:
        NotInstalled: faster-coco-eval is not there.
    """
    library = _library()
    found = []
    each = runs or (None,) * len(boxes)
    for rings, box, (height, width), lengths in zip(outlines, boxes, sizes, each, strict=True):
        if lengths is not None:
            coded = {"size": [height, width], "counts": lengths.tolist()}
            found.append(library.frPyObjects(coded, height, width))
            continue
        x1, y1, x2, y2 = box
        told = [ring.ravel().tolist() for ring in rings if len(ring) > 2]
        told = told or [[x1, y1, x2, y1, x2, y2, x1, y2]]
        found.append(library.merge(library.frPyObjects(told, height, width)))
    return Masks(tuple(found))


def of_corners(outlines: Sequence[Sequence[np.ndarray]], boxes: Floats) -> Rotated:
    """The smallest rotated boxes around the points of m objects; without any, their boxes."""
    found = [
        around(np.concatenate(list(rings))) if rings else upright(box)
        for rings, box in zip(outlines, boxes, strict=True)
    ]
    return Rotated(np.array(found, np.float64).reshape(-1, 5))


def upright(box: Floats) -> Floats:
    """x1 y1 x2 y2 as a rotated box."""
    x1, y1, x2, y2 = box
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1, 0.0])


def around(points: Floats) -> Floats:
    """[5]: the smallest rotated box around points [k, 2]; one side lies along two of them.

    The smallest rectangle has a side on the hull (Freeman and Shapira, 1975); every pair of points
    is tried instead of the hull's edges, which is as right and short for the few of an outline.
    """
    points = np.unique(points, axis=0)
    if len(points) > _MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, _MOST_POINTS).astype(int)]
    sides = (points[:, None] - points[None]).reshape(-1, 2)
    angles = np.unique(np.arctan2(sides[:, 1], sides[:, 0]) % (np.pi / 2))
    best, least = upright(np.array([*points.min(axis=0), *points.max(axis=0)])), np.inf
    for angle in angles:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        low, high = (points @ turn).min(axis=0), (points @ turn).max(axis=0)
        area = float(np.prod(high - low))
        if area < least - 1e-9:
            center = turn @ ((low + high) / 2)
            best, least = np.array([*center, *(high - low), angle]), area
    return best


_MOST_POINTS = 64


def _library() -> Any:
    try:
        from faster_coco_eval.core import mask
    except ImportError as error:
        found = "masks by COCO's rules need faster-coco-eval."
        raise NotInstalled(found, "pip install 'edgeopt[detection]'") from error
    return mask
