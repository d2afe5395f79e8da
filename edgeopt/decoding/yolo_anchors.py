"""ON THE DEVICE AND HOST. YOLO v5, v7 cut off before their decode: logits for three anchors a cell.

A grid for each stride, [3 * (5 + classes), rows, columns] or [3, rows, columns, 5 + classes]. With
s = sigmoid(t): x = (2 s - 0.5 + column) * stride, width = (2 s)^2 * the anchor's width in pixels;
a score is the object's probability times the class's.
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, grids, nms
from edgeopt.decoding.detections import Candidates, Settings
from edgeopt.decoding.outputs import NO, POSSIBLE, Recognition, WrongHead, batchless, sigmoid

NAME = "yolo-anchors"
WANTS = "outputs [3 * (5 + classes), rows, columns], or [3, rows, columns, 5 + classes], per stride"
#: Width and height in pixels of three anchors of each stride, as their models for COCO have them.
V5 = (
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (373, 326)),
)
V7 = (
    ((12, 16), (19, 36), (40, 28)),
    ((36, 75), (76, 55), (72, 146)),
    ((142, 110), (192, 243), (459, 401)),
)
#: extra: "anchors", those of the training: [strides][3][2].
DEFAULTS = Settings(score=0.001, overlap=0.6, several=True, extra={"anchors": V5})


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width).

    Never certain: nothing in the outputs tells the anchors of v5 from those of v7.
    """
    try:
        stages, strides = read(samples[0], size, classes)
    except WrongHead as error:
        return Recognition(NO, error.why)
    known = f"{stages[0].shape[-1] - 5} classes at strides {list(strides)}"
    return Recognition(POSSIBLE, f"three anchors a cell, {known}; the anchors have to be given")


def read(outputs, size, classes=None):
    """([3, rows, columns, 5 + classes] of each stride, strides). Raises WrongHead."""
    stages = [_stage(array) for array in outputs.values()]
    if len(stages) < 2 or any(stage is None for stage in stages):
        raise WrongHead(NAME, WANTS, outputs)
    stages.sort(key=lambda stage: -stage.shape[1] * stage.shape[2])
    strides = grids.strides_of_shapes(size, [stage.shape[1:3] for stage in stages])
    columns = {stage.shape[-1] - 5 for stage in stages}
    if strides is None or len(columns) != 1 or min(columns) < 1:
        raise WrongHead(NAME, WANTS, outputs)
    if classes and columns != {classes}:
        why = f"{min(columns) + 5} values a box are {min(columns)} classes, not {classes}"
        raise WrongHead(NAME, WANTS, outputs, why)
    return stages, strides


def _stage(array):
    """[3, rows, columns, values] of one stride; None where it is none."""
    apart = batchless(array, 4)
    if apart is not None and len(apart) == 3:
        return apart.astype(np.float64)
    together = batchless(array, 3)
    if together is None or len(together) % 3:
        return None
    rows, columns = together.shape[1:]
    return together.reshape(3, -1, rows, columns).transpose(0, 2, 3, 1).astype(np.float64)


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image, anchor by anchor of each stride.

    Raises:
        WrongHead: another shape, or anchors of another number of strides.
    """
    stages, strides = read(outputs, size, settings.classes)
    anchors = np.asarray(settings.extra.get("anchors", V5), np.float64)
    if anchors.shape != (len(strides), 3, 2):
        why = f"{len(strides)} strides, but the anchors are of shape {list(anchors.shape)}"
        raise WrongHead(NAME, WANTS, outputs, why)
    found, scores = [], []
    for stage, stride, sides in zip(stages, strides, anchors):
        values = sigmoid(stage).reshape(3, -1, stage.shape[-1])
        corner, _ = grids.points(size, (stride,), offset=0)
        center = (2 * values[..., :2] - 0.5) * stride + corner
        extent = (2 * values[..., 2:4]) ** 2 * sides[:, None]
        found.append(boxes.from_centers(np.concatenate([center, extent], -1)).reshape(-1, 4))
        scores.append((values[..., 4:5] * values[..., 5:]).reshape(-1, values.shape[-1] - 5))
    return Candidates(np.concatenate(found), np.concatenate(scores))


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings), settings)[0]
