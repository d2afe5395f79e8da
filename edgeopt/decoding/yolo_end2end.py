"""ON THE DEVICE AND HOST. YOLO v10, v26 and others that answer end to end, without suppression.

A row for each answer: x1, y1, x2, y2 in pixels, score, class; rows of score 0 fill the rest.
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import yolo
from edgeopt.decoding.detections import Detections, Settings
from edgeopt.decoding.outputs import (
    CERTAIN,
    NO,
    POSSIBLE,
    Recognition,
    WrongHead,
    are_whole,
    in_unit,
    only,
)

NAME = "yolo-end2end"
WANTS = "one output [answers, 6]: x1, y1, x2, y2, score, class"
DEFAULTS = Settings(score=0.001)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        tables = [read(outputs) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    rows = np.concatenate(tables)
    if not in_unit(rows[:, 4]) or not are_whole(rows[:, 5]):
        return Recognition(NO, "the fifth value is no probability or the sixth no class")
    if classes and len(rows) and rows[:, 5].max() >= classes:
        return Recognition(NO, f"class {rows[:, 5].max():.0f} of {classes} classes")
    falling = all((np.diff(table[:, 4]) <= 1e-6).all() for table in tables)
    if falling and len(rows) and (rows[:, 2:4] >= rows[:, :2] - 1).all():
        return Recognition(CERTAIN, "corners, falling scores and whole classes")
    return Recognition(POSSIBLE, "scores and whole classes, but not by falling score")


def read(outputs):
    """Rows [k, 6]. Raises WrongHead."""
    rows = only(outputs, 2)
    if rows is None or rows.shape[1] != 6:
        raise WrongHead(NAME, WANTS, outputs)
    return rows


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    rows = read(outputs)
    found = yolo.in_pixels(rows[:, :4], size, settings.shares)
    keep = np.flatnonzero(rows[:, 4] >= max(settings.score, 1e-9))
    keep = keep[np.argsort(-rows[keep, 4], kind="stable")][: settings.most]
    return Detections(found[keep], rows[keep, 4], np.round(rows[keep, 5]).astype(np.int64))
