"""ON THE DEVICE AND HOST. YOLO v8, v9, v11, decoded by the model itself.

A column for each point: x, y, width, height in pixels (in shares of the input, as TFLite's exports
have it), then the probability of each class; there is no objectness. What follows the classes is
another head's: coefficients of masks (`yolo_seg`), key points (`yolo_pose`), an angle (`yolo_obb`).
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, grids, nms, yolo_rows
from edgeopt.decoding.detections import Candidates, Settings
from edgeopt.decoding.outputs import (
    CERTAIN,
    NO,
    POSSIBLE,
    Recognition,
    WrongHead,
    are_shares,
    in_unit,
)

NAME = "yolo"
WANTS = "one output [4 + classes, points] with a point for each cell of strides 8, 16, 32"
DEFAULTS = Settings(score=0.001, overlap=0.7, several=True)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        tables = [read(outputs, size, classes) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    strides = tables[0][1]
    if not all(_is_decoded(rows, strides, size, 0) for rows, _ in tables):
        return Recognition(NO, "its rows are no boxes around the points of its grids")
    turned = yolo_rows.table(samples[0], size)[2]
    known = f"{tables[0][0].shape[1] - 4} classes at strides {list(strides)}"
    if turned or classes:
        return Recognition(CERTAIN, f"boxes and probabilities of {known}, no objectness")
    return Recognition(POSSIBLE, f"rows of {known}, unless the first of them is objectness")


def read(outputs, size, classes=None, extra=0, head=NAME, wants=WANTS):
    """(rows [a, 4 + classes + extra], strides).

    Raises:
        WrongHead: no output has the shape, or another number of classes.
    """
    found = yolo_rows.table(outputs, size)
    if found is None:
        raise WrongHead(head, wants, outputs)
    rows, strides, _ = found
    columns = rows.shape[1] - 4 - extra
    if columns < 1 or (classes and columns != classes):
        why = f"{rows.shape[1]} values a point are {columns} classes, not {classes or '1 or more'}"
        raise WrongHead(head, wants, outputs, why)
    return rows, strides


def _is_decoded(rows, strides, size, extra):
    at, each = grids.points(size, strides)
    pixels = in_pixels(rows[:, :4], size, None)
    scores = rows[:, 4 : rows.shape[1] - extra]
    sides_fit = pixels[:, 2:].min() > -1e-3
    return sides_fit and in_unit(scores) and grids.are_near(pixels[:, :2], at, each, 16.0)


def in_pixels(found, size, shares):
    """[a, 4] in pixels of the input. shares: whether they are none; None: told by the values."""
    return found * np.tile(unit(found, size, shares), 2)


def unit(found, size, shares):
    """[2]: what 1 of a box's x and y is in pixels. shares: as for `in_pixels`."""
    if shares is None:
        shares = are_shares(found)
    return np.array([size[1], size[0]] if shares else [1, 1], np.float64)


def candidates(outputs, size, settings=DEFAULTS, extra=0, head=NAME, wants=WANTS):
    """(Candidates, what follows the classes [a, extra])."""
    rows, _ = read(outputs, size, settings.classes, extra, head, wants)
    end = rows.shape[1] - extra
    found = boxes.from_centers(in_pixels(rows[:, :4], size, settings.shares))
    return Candidates(found, rows[:, 4:end]), rows[:, end:]


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings)[0], settings)[0]
