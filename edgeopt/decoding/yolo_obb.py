"""ON THE DEVICE AND HOST. YOLO -obb: as `yolo`, with an angle in radians after the classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeopt.decoding import boxes, nms, rotated, yolo
from edgeopt.decoding.detections import Settings
from edgeopt.decoding.outputs import NO, POSSIBLE, Recognition, WrongHead

NAME = "yolo-obb"
WANTS = "one output [4 + classes + 1, points], an angle in radians last"
DEFAULTS = Settings(score=0.001, overlap=0.7, several=True)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width).

    Certain only where a probability of another class cannot be what stands last: it leaves 0..1.
    """
    try:
        rows = [yolo.read(outputs, size, classes, 1, NAME, WANTS)[0] for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    last = np.concatenate([table[:, -1] for table in rows])
    if np.abs(last).max() > 2 * np.pi:
        return Recognition(NO, f"the last value reaches {np.abs(last).max():.3g}, no angle")
    return Recognition(POSSIBLE, "the last of the values may be an angle")


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image; suppression by `rotated.probiou`. Raises WrongHead."""
    found, angle = yolo.candidates(outputs, size, settings, 1, NAME, WANTS)
    turned = np.concatenate([boxes.to_centers(found.boxes), angle], axis=1)
    found = replace(found, boxes=rotated.enclosing(turned), rotated=turned)
    return nms.select(found, settings, nms.fast, rotated.probiou)[0]
