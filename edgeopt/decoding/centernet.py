"""ON THE DEVICE AND HOST. CenterNet: objects are the peaks of a map for each class.

Three maps of a quarter of the input's size: heat for each class, width and height, and where in
its cell the centre lies, both in cells (Zhou and others 2019, arXiv 1904.07850). Or two: heat, and
how far the four sides lie from the cell's corner, in pixels (TTFNet, Liu and others 2019, arXiv
1909.00700). A peak is a cell that none of its eight neighbours exceeds; there is no other
suppression.
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, grids
from edgeopt.decoding.detections import Detections, Settings
from edgeopt.decoding.outputs import (
    CERTAIN,
    NO,
    POSSIBLE,
    Recognition,
    WrongHead,
    batchless,
    probabilities,
)

NAME = "centernet"
WANTS = (
    "heat [classes, rows, columns], sizes [2, rows, columns] and offsets [2, rows, columns]; or "
    "heat and the distances of four sides [4, rows, columns]"
)
#: extra: "sizes_in": "cells" or "pixels".
DEFAULTS = Settings(score=0.001, most=100, extra={"sizes_in": "cells"})
_SIZES, _OFFSETS = ("wh", "size"), ("reg", "off")


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        maps = [read(outputs, size, classes) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    heat, _, offsets, stride = maps[0]
    if offsets is None:
        return Recognition(POSSIBLE, f"heat of {len(heat)} classes and four sides, or other maps")
    if np.mean((offsets > -0.5) & (offsets < 1.5)) < 0.9:
        return Recognition(POSSIBLE, "neither map of two planes looks like places within a cell")
    return Recognition(CERTAIN, f"{len(heat)} classes' heat, sizes and offsets at stride {stride}")


def read(outputs, size, classes=None):
    """(heat [c, h, w], sizes [2, h, w], offsets [2, h, w], stride); with the distances of four

    sides [4, h, w] in place of the sizes there are no offsets (None). Raises WrongHead.
    """
    maps = {name: batchless(array, 3) for name, array in outputs.items()}
    if len(maps) not in (2, 3) or any(array is None for array in maps.values()):
        raise WrongHead(NAME, WANTS, outputs)
    assigned = _assigned if len(maps) == 3 else _of_sides
    for turn in ((0, 1, 2), (2, 0, 1)):
        planes = {name: array.transpose(turn).astype(np.float64) for name, array in maps.items()}
        found = assigned(planes, size, classes)
        if found is not None:
            return found
    raise WrongHead(NAME, WANTS, outputs)


def _assigned(planes, size, classes):
    shapes = {array.shape[1:] for array in planes.values()}
    strides = grids.strides_of_shapes(size, sorted(shapes))
    pairs = [name for name, array in planes.items() if len(array) == 2]
    if len(shapes) != 1 or strides is None or len(pairs) < 2:
        return None
    sizes = [name for name in pairs if any(word in name.lower() for word in _SIZES)]
    offsets = [name for name in pairs if any(word in name.lower() for word in _OFFSETS)]
    if len(sizes) != 1 or len(offsets) != 1:
        if len(pairs) > 2:  # two classes, and no names
            return None
        sizes, offsets = _by_values(planes, pairs)
    heat = next(name for name in planes if name not in (sizes[0], offsets[0]))
    if classes and len(planes[heat]) != classes:
        return None
    return planes[heat], planes[sizes[0]], planes[offsets[0]], strides[0]


def _of_sides(planes, size, classes):
    shapes = {array.shape[1:] for array in planes.values()}
    strides = grids.strides_of_shapes(size, sorted(shapes))
    fours = [name for name, array in planes.items() if len(array) == 4]
    named = [name for name in fours if any(word in name.lower() for word in _SIZES)]
    fours = named if len(fours) > 1 else fours  # four classes, too
    if len(shapes) != 1 or strides is None or len(fours) != 1:
        return None
    [heat] = [array for name, array in planes.items() if name != fours[0]]
    if classes and len(heat) != classes:
        return None
    return heat, planes[fours[0]], None, strides[0]


def _by_values(planes, pairs):
    """Sizes and offsets: offsets lie nearer to one half."""
    away = sorted(pairs, key=lambda name: float(np.median(np.abs(planes[name] - 0.5))))
    return away[1:], away[:1]


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    heat, sizes, offsets, stride = read(outputs, size, settings.classes)
    heat = probabilities(heat)
    label, row, column = np.nonzero((heat >= settings.score) & (heat == _highest_near(heat)))
    score = heat[label, row, column]
    keep = np.argsort(-score, kind="stable")[: settings.most]
    label, row, column, score = label[keep], row[keep], column[keep], score[keep]
    if offsets is None:
        corners = np.stack([column, row, column, row], axis=1) * stride
        away = sizes[:, row, column].T * (-1, -1, 1, 1)
        return Detections(corners + away, score, label)
    center = np.stack([column, row], axis=1) + offsets[:, row, column].T
    sides = sizes[:, row, column].T
    if settings.extra.get("sizes_in", "cells") == "pixels":
        sides = sides / stride
    found = boxes.from_centers(np.concatenate([center, sides], axis=1)) * stride
    return Detections(found, score, label)


def _highest_near(heat):
    """[c, h, w]: the highest of each cell and its eight neighbours."""
    padded = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    across = np.maximum(np.maximum(padded[:, :, :-2], padded[:, :, 1:-1]), padded[:, :, 2:])
    return np.maximum(np.maximum(across[:, :-2], across[:, 1:-1]), across[:, 2:])
