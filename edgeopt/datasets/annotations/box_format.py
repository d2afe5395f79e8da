"""Boxes as a format writes them, to corners in pixels; one that is not what it says is told.

A file of [x1, y1, x2, y2] that is read as [x, y, width, height] gives boxes that look like boxes.
They are found out together: half of them reach outside their images, and read the other way all
fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgeopt.domain.errors import BadInput

Layout = Literal["xyxy", "xywh", "cxcywh"]
Unit = Literal["pixels", "shares"]

LAYOUTS: tuple[Layout, ...] = ("xyxy", "xywh", "cxcywh")
WORDS = {
    "xyxy": "[x1, y1, x2, y2]",
    "xywh": "[x, y, width, height]",
    "cxcywh": "[centre x, centre y, width, height]",
}
#: A box may reach so far over the edge and is cut there: tools round.
EDGE_PX, EDGE_SHARE = 2.0, 0.01
#: Fewer boxes are no statistics.
FEWEST_BOXES = 5
#: A layout is doubted where fewer boxes fit it, and another is named where more fit that.
DOUBTED, CERTAIN = 0.98, 0.995


@dataclass(frozen=True, eq=False)
class Written:
    """Boxes of many images as a file has them.

    Attributes:
        numbers: float64[m, 4]. sizes: [m, 2], width and height of each box's image.
        places: where the file has a box, for messages, by its number.
        origin: the file or folder. family: whose layout it should be: "COCO's".
    """

    numbers: np.ndarray
    sizes: np.ndarray
    layout: Layout
    unit: Unit
    places: Callable[[int], str]
    origin: str
    family: str


def corners(numbers: np.ndarray, layout: Layout) -> np.ndarray:
    """float64[m, 4]: x1, y1, x2, y2 of boxes [m, 4] in a layout, in the same unit."""
    first, second = numbers[:, :2], numbers[:, 2:]
    if layout == "xyxy":
        return numbers.astype(np.float64)
    if layout == "xywh":
        return np.concatenate([first, first + second], axis=1)
    return np.concatenate([first - second / 2, first + second / 2], axis=1)


def checked(boxes: Written) -> np.ndarray:
    """float64[m, 4]: corners in pixels, cut at the images' edges.

    Raises:
        BadInput: a number is not finite, the boxes seem to be in another layout or unit, or a
            box lies outside its image or has no area.
    """
    odd = np.flatnonzero(~np.isfinite(boxes.numbers).all(axis=1))
    if len(odd):
        _refuse(boxes, odd, "holds a number that is not finite", None)
    found = _in_pixels(boxes.numbers, boxes.sizes, boxes.layout, boxes.unit)
    fits = _fits(found, boxes.sizes)
    _require_layout(boxes, fits)
    empty = np.flatnonzero(~_has_area(found))
    if len(empty):
        _refuse(boxes, empty, "has no area", found)
    outside = np.flatnonzero(~fits)
    if len(outside):
        _refuse(boxes, outside, "lies outside its image, or reaches out of it", found)
    return _cut(found, boxes.sizes)


def outline_fits(ring: np.ndarray, size: np.ndarray) -> bool:
    """Whether points [k, 2] in pixels are finite and, but for a box's tolerance, in an image.

    Args:
        size: [2], the image's width and height.
    """
    edge = np.maximum(EDGE_PX, EDGE_SHARE * size)
    return bool(((ring >= -edge) & (ring <= size + edge)).all())


def _in_pixels(numbers: np.ndarray, sizes: np.ndarray, layout: Layout, unit: Unit) -> np.ndarray:
    found = corners(numbers, layout)
    return found * np.tile(sizes, 2) if unit == "shares" else found


def _has_area(found: np.ndarray) -> np.ndarray:
    return np.asarray((found[:, 2:] > found[:, :2]).all(axis=1))


def _fits(found: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """bool[m]: within the image and its tolerance, and with an area there."""
    edge = np.maximum(EDGE_PX, EDGE_SHARE * sizes)
    inside = (found[:, :2] >= -edge) & (found[:, 2:] <= sizes + edge)
    return np.asarray(inside.all(axis=1) & _has_area(_cut(found, sizes)))


def _cut(found: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return np.clip(found, 0, np.tile(sizes, 2))


def _require_layout(boxes: Written, fits: np.ndarray) -> None:
    """Refuses boxes that another layout or unit fits, where this one does not."""
    unit = _unit(boxes.numbers)
    if len(fits) < FEWEST_BOXES or (unit == boxes.unit and fits.mean() >= DOUBTED):
        return
    own_first: list[Layout] = sorted(LAYOUTS, key=lambda one: one != boxes.layout)
    for layout in own_first:
        other = _fits(_in_pixels(boxes.numbers, boxes.sizes, layout, unit), boxes.sizes)
        if other.mean() >= CERTAIN:
            as_said = _told(boxes.layout, boxes.unit)
            raise BadInput(
                f"{boxes.origin}: the boxes seem to be {_told(layout, unit)} "
                f"({other.sum()} of {len(fits)} fit their images so), but {boxes.family} are "
                f"{as_said} ({fits.sum()} fit).",
                f"Write them as {as_said}.",
            )


def _unit(numbers: np.ndarray) -> Unit:
    """What numbers can be: boxes of many images that all end at 1 are shares of the sides."""
    return "shares" if float(np.abs(numbers).max(initial=0)) <= 1 + EDGE_SHARE else "pixels"


def _told(layout: str, unit: str) -> str:
    return WORDS[layout] + (" in shares of the image's sides" if unit == "shares" else " in pixels")


def _refuse(boxes: Written, at: np.ndarray, why: str, found: np.ndarray | None) -> None:
    one = int(at[0])
    numbers = ", ".join(f"{value:g}" for value in boxes.numbers[one])
    width, height = boxes.sizes[one]
    more = f" ({len(at)} of {len(boxes.numbers)} boxes do)" if len(at) > 1 else ""
    image = f" in an image of {width} x {height} pixels" if found is not None else ""
    raise BadInput(
        f"{boxes.places(one)}: the box [{numbers}]{image} {why}{more}.",
        f"Boxes are {_told(boxes.layout, boxes.unit)}: correct or remove it.",
    )
