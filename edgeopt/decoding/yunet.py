"""ON THE DEVICE AND HOST. YuNet: faces with five key points, of twelve outputs at three strides.

For each cell two probabilities (a face; how well it is placed), whose geometric mean is the score,
x and y from the cell's corner in strides, the logarithm of width and height in strides, and x, y
of each key point from the corner (as OpenCV's `FaceDetectorYN` reads them).
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, grids, nms
from edgeopt.decoding.detections import Candidates, Settings
from edgeopt.decoding.outputs import (
    CERTAIN,
    NO,
    Recognition,
    WrongHead,
    batchless,
    in_unit,
)

NAME = "yunet"
WANTS = "[points, 1] twice, [points, 4] and [points, 2 * key points] for each of strides 8, 16, 32"
DEFAULTS = Settings(score=0.001, overlap=0.3, most=5000)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        parts = [read(outputs, size) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    if not all(in_unit(part[0]) for part in parts):
        return Recognition(NO, "its scores are no probabilities")
    if (classes or 1) != 1:
        return Recognition(NO, f"it knows one class, not {classes}")
    count = parts[0][2].shape[1] // 2
    return Recognition(CERTAIN, f"two probabilities, a box and {count} key points")


def read(outputs, size):
    """(probabilities [a, 2], boxes [a, 4], key points [a, 2 k], strides). Raises WrongHead."""
    by_count = {}
    for array in outputs.values():
        rows = batchless(array, 2)
        if rows is None:
            raise WrongHead(NAME, WANTS, outputs)
        by_count.setdefault(len(rows), []).append(rows.astype(np.float64))
    counts = sorted(by_count, reverse=True)
    strides = grids.strides_of(size, sum(counts))
    if strides is None or counts != [r * c for r, c in grids.cells(size, strides)]:
        raise WrongHead(NAME, WANTS, outputs)
    stages = [sorted(by_count[count], key=lambda rows: rows.shape[1]) for count in counts]
    widths = {tuple(rows.shape[1] for rows in stage) for stage in stages}
    if len(widths) != 1 or next(iter(widths))[:3] != (1, 1, 4) or len(next(iter(widths))) != 4:
        raise WrongHead(NAME, WANTS, outputs)
    first, second, found, points = (np.concatenate(part) for part in zip(*stages))
    return np.concatenate([first, second], axis=1), found, points, strides


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image."""
    probabilities, values, places, strides = read(outputs, size)
    at, each = grids.points(size, strides, offset=0)
    score = np.sqrt(np.clip(probabilities, 0, 1).prod(axis=1))
    center = values[:, :2] * each[:, None] + at
    sides = np.exp(values[:, 2:]) * each[:, None]
    found = boxes.from_centers(np.concatenate([center, sides], axis=1))
    places = places.reshape(len(places), -1, 2) * each[:, None, None] + at[:, None]
    points = np.concatenate([places, np.ones((*places.shape[:2], 1))], axis=2)
    return Candidates(found, score[:, None], keypoints=points)


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings), settings)[0]
