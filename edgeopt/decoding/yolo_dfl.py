"""ON THE DEVICE AND HOST. YOLO v8, v9, v11 cut off before their decode: distances in bins.

For each point 16 logits for each of the distances to left, top, right and bottom in strides, whose
softmax-weighted mean is the distance, and a logit (or probability) for each class. In one table,
in a grid for each stride, or with boxes and classes in grids of their own, as exports for NPUs and
ncnn have it.
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, grids, nms
from edgeopt.decoding.detections import Candidates, Settings
from edgeopt.decoding.outputs import (
    CERTAIN,
    NO,
    POSSIBLE,
    Recognition,
    WrongHead,
    batchless,
    in_unit,
    probabilities,
)
from edgeopt.decoding.yolo_rows import table

NAME = "yolo-dfl"
WANTS = "outputs [64 + classes, rows, columns] for each stride, or [64, ...] and [classes, ...]"
DEFAULTS = Settings(score=0.001, overlap=0.7, several=True, extra={"bins": 16})


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        tables = [read(outputs, size, classes) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    if in_unit(tables[0][0][:, :64]):
        return Recognition(NO, "the first 64 values of each point are probabilities, no logits")
    known = tables[0][0].shape[1] - 64
    level = CERTAIN if classes or len(samples[0]) > 1 else POSSIBLE
    return Recognition(level, f"distances in 16 bins and {known} classes for each point")


def read(outputs, size, classes=None, bins=16):
    """(rows [a, 4 * bins + classes], strides). Raises WrongHead."""
    one = table(outputs, size) if len(outputs) == 1 else None
    found = one[:2] if one else _of_grids(outputs, size, 4 * bins)
    if found is None:
        raise WrongHead(NAME, WANTS, outputs)
    columns = found[0].shape[1] - 4 * bins
    if columns < 1 or (classes and columns != classes):
        why = f"{columns + 4 * bins} values a point are {columns} classes after {4 * bins} bins"
        raise WrongHead(NAME, WANTS, outputs, why)
    return found


def _of_grids(outputs, size, box):
    """Rows of all strides from grids [c, rows, columns] or [rows, columns, c]."""
    grid = [batchless(array, 3) for array in outputs.values()]
    if not grid or any(array is None for array in grid):
        return None
    for turn in ((1, 2, 0), (0, 1, 2)):
        by_shape = {}
        for array in grid:
            rows = array.transpose(turn).astype(np.float64)
            by_shape.setdefault(rows.shape[:2], []).append(rows.reshape(-1, rows.shape[2]))
        shapes = sorted(by_shape, reverse=True)
        strides = grids.strides_of_shapes(size, shapes)
        parts = [_ordered(by_shape[shape], box) for shape in shapes]
        if strides and _are_alike(parts):
            return np.concatenate(parts), strides
    return None


def _are_alike(parts):
    return all(part is not None for part in parts) and len({p.shape[1] for p in parts}) == 1


def _ordered(parts, box):
    """Boxes before classes, of one stride: together already, or in two parts."""
    if len(parts) == 1:
        return parts[0] if parts[0].shape[1] > box else None
    first = [part for part in parts if part.shape[1] == box]
    rest = [part for part in parts if part.shape[1] != box]
    if len(parts) == 3:  # Rockchip's exports add the sum of all scores
        rest = [part for part in rest if part.shape[1] != 1]
    both = len(first) == 1 and len(rest) == 1
    if len(first) == 2 and not rest:  # 64 classes: the boxes come first
        return np.concatenate(first, axis=1)
    return np.concatenate([*first, *rest], axis=1) if both else None


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image."""
    bins = settings.extra.get("bins", 16)
    rows, strides = read(outputs, size, settings.classes, bins)
    at, each = grids.points(size, strides)
    away = grids.expected_distances(rows[:, : 4 * bins], bins) * each[:, None]
    return Candidates(boxes.from_distances(at, away), probabilities(rows[:, 4 * bins :]))


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings), settings)[0]
