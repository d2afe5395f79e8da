"""ON THE DEVICE AND HOST. YOLO v5, v7 (and v6), decoded by the model itself, with objectness.

A row for each of three anchors of each point (one in v6): x, y, width, height in pixels, the
probability that there is an object, and of each class if there is one. A score is their product.
"""

from __future__ import annotations

from edgeopt.decoding import boxes, grids, nms, yolo, yolo_rows
from edgeopt.decoding.detections import Candidates, Settings
from edgeopt.decoding.outputs import CERTAIN, NO, POSSIBLE, Recognition, WrongHead, in_unit

NAME = "yolo-objectness"
WANTS = "one output [3 * points, 5 + classes] (or [points, 5 + classes]) in pixels"
DEFAULTS = Settings(score=0.001, overlap=0.6, several=True)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        tables = [read(outputs, size, classes) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    _, strides, anchors = tables[0]
    at, each = yolo_rows.points(size, strides, anchors)
    for rows, _, _ in tables:
        pixels = yolo.in_pixels(rows[:, :4], size, None)
        decoded = grids.are_near(pixels[:, :2], at, each) and pixels[:, 2:].min() > -1e-3
        if not decoded or not in_unit(rows[:, 4:]):
            return Recognition(NO, "its rows are no boxes around the points of its grids")
    known = f"{rows.shape[1] - 5} classes, {anchors} anchors at strides {list(strides)}"
    if anchors == 3 or classes:
        return Recognition(CERTAIN, f"boxes, objectness and probabilities of {known}")
    return Recognition(POSSIBLE, f"rows of {known}, unless there is no objectness")


def read(outputs, size, classes=None):
    """(rows [a, 5 + classes], strides, anchors a point). Raises WrongHead."""
    for anchors in (3, 1):
        found = yolo_rows.table(outputs, size, anchors)
        if found is not None:
            break
    else:
        raise WrongHead(NAME, WANTS, outputs)
    rows, strides, _ = found
    columns = rows.shape[1] - 5
    if columns < 1 or (classes and columns != classes):
        why = f"{rows.shape[1]} values a box are {columns} classes, not {classes or '1 or more'}"
        raise WrongHead(NAME, WANTS, outputs, why)
    return rows, strides, anchors


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image."""
    rows, _, _ = read(outputs, size, settings.classes)
    found = boxes.from_centers(yolo.in_pixels(rows[:, :4], size, settings.shares))
    return Candidates(found, rows[:, 4:5] * rows[:, 5:])


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings), settings)[0]
