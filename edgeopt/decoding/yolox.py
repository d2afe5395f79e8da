"""ON THE DEVICE AND HOST. YOLOX, the raw grid output (its export without `decode_in_inference`).

A row for each point: x, y from its cell's corner in strides, the logarithm of width and height in
strides, objectness and the probability of each class (Ge and others 2021, arXiv 2107.08430).
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, grids, nms, yolo_rows
from edgeopt.decoding.detections import Candidates, Settings
from edgeopt.decoding.outputs import CERTAIN, NO, POSSIBLE, Recognition, WrongHead, in_unit

NAME = "yolox"
WANTS = "one output [points, 5 + classes], boxes from their cells in strides"
DEFAULTS = Settings(score=0.001, overlap=0.65, several=False)
_FAR = 8.0  # strides from its cell, and log of a width in strides: e ** 8 is no box


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        tables = [read(outputs, size, classes) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    rows = np.concatenate([table for table, _ in tables])
    if not in_unit(rows[:, 4:]):
        return Recognition(NO, "its scores are no probabilities")
    if np.mean(np.abs(rows[:, :4]) < _FAR) < 0.98:
        return Recognition(NO, "its boxes are not within some strides of their cells")
    known = f"{rows.shape[1] - 5} classes, boxes in strides from their cells"
    at, each = grids.points(size, tables[0][1])
    shares = [boxes.scaled(table[:, :4], size)[:, :2] for table, _ in tables]
    if any(grids.are_near(centers, at, each) for centers in shares):
        return Recognition(POSSIBLE, f"{known}, unless they are shares of the input")
    return Recognition(CERTAIN, known)


def read(outputs, size, classes=None):
    """(rows [a, 5 + classes], strides). Raises WrongHead."""
    found = yolo_rows.table(outputs, size)
    if found is None or found[2]:
        raise WrongHead(NAME, WANTS, outputs)
    columns = found[0].shape[1] - 5
    if columns < 1 or (classes and columns != classes):
        why = f"{columns + 5} values a point are {columns} classes, not {classes or '1 or more'}"
        raise WrongHead(NAME, WANTS, outputs, why)
    return found[:2]


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image."""
    rows, strides = read(outputs, size, settings.classes)
    at, each = grids.points(size, strides, offset=0)
    center = rows[:, :2] * each[:, None] + at
    sides = np.exp(rows[:, 2:4]) * each[:, None]
    found = boxes.from_centers(np.concatenate([center, sides], axis=1))
    return Candidates(found, rows[:, 4:5] * rows[:, 5:])


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings), settings)[0]
