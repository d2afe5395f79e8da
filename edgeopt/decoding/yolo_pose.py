"""ON THE DEVICE AND HOST. YOLO -pose: as `yolo`, with x, y and probability of each key point."""

from __future__ import annotations

from dataclasses import replace

from edgeopt.decoding import nms, yolo
from edgeopt.decoding.detections import Settings
from edgeopt.decoding.outputs import NO, POSSIBLE, Recognition, WrongHead

NAME = "yolo-pose"
WANTS = "one output [4 + classes + 3 * key points, points] (one class, if none is said)"
DEFAULTS = Settings(score=0.001, overlap=0.7, several=False, classes=1)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width).

    Shapes alone cannot tell 17 key points of one class from 52 classes: it is never certain.
    """
    try:
        extra = {_extra(outputs, size, classes or 1) for outputs in samples}
    except WrongHead as error:
        return Recognition(NO, error.why)
    return Recognition(POSSIBLE, f"{extra.pop() // 3} key points, unless they are classes")


def _extra(outputs, size, classes):
    """How many values follow the classes. Raises WrongHead."""
    rows, _ = yolo.read(outputs, size, None, 0, NAME, WANTS)
    extra = rows.shape[1] - 4 - classes
    if extra < 3 or extra % 3:
        why = f"{extra} values after {classes} classes are no key points of 3 values"
        raise WrongHead(NAME, WANTS, outputs, why)
    return extra


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image, with key points in pixels. Raises WrongHead."""
    extra = _extra(outputs, size, settings.classes or 1)
    found, values = yolo.candidates(
        outputs, size, replace(settings, classes=None), extra, NAME, WANTS
    )
    points = values.reshape(len(values), -1, 3)
    rows, _ = yolo.read(outputs, size)
    points[..., :2] *= yolo.unit(rows[:, :4], size, settings.shares)
    return nms.select(replace(found, keypoints=points), settings)[0]
