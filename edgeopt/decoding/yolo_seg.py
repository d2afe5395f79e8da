"""ON THE DEVICE AND HOST. YOLO -seg: boxes with coefficients, and prototypes of masks (YOLACT).

A mask is the prototypes' sum, weighted by its coefficients: enlarged to the input (bilinear, pixel
centres), cut off at its box, and there where it is above 0 (a probability of one half).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeopt.decoding import nms, yolo
from edgeopt.decoding.detections import Settings
from edgeopt.decoding.outputs import CERTAIN, NO, Recognition, WrongHead, batchless

NAME = "yolo-seg"
WANTS = "outputs [4 + classes + p, points] and prototypes [p, height / 4, width / 4]"
DEFAULTS = Settings(score=0.001, overlap=0.7, several=True)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        for outputs in samples:
            read(outputs, size, classes)
    except WrongHead as error:
        return Recognition(NO, error.why)
    count = len(prototypes(samples[0], size))
    return Recognition(CERTAIN, f"{count} prototypes of masks beside a row for each point")


def read(outputs, size, classes=None):
    """(rows [a, 4 + classes + p], prototypes [p, h, w]). Raises WrongHead."""
    found = prototypes(outputs, size)
    if found is None:
        raise WrongHead(NAME, WANTS, outputs)
    return yolo.read(outputs, size, classes, len(found), NAME, WANTS)[0], found


def prototypes(outputs, size):
    """float64[p, h, w], a plane for each; None where no output is a stack of planes."""
    stacks = [batchless(array, 3) for array in outputs.values()]
    stacks = [array for array in stacks if array is not None and len(array) > 1]
    if len(stacks) != 1:
        return None
    stack = stacks[0].astype(np.float64)
    shape = size[0] / size[1]
    if np.isclose(stack.shape[1] / stack.shape[2], shape) and stack.shape[1] < size[0]:
        return stack
    if np.isclose(stack.shape[0] / stack.shape[1], shape) and stack.shape[0] < size[0]:
        return stack.transpose(2, 0, 1)  # as TensorFlow has it
    return None


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image, with masks of the input's size. Raises WrongHead."""
    _, planes = read(outputs, size, settings.classes)
    found, coefficients = yolo.candidates(outputs, size, settings, len(planes), NAME, WANTS)
    answers, row = nms.select(found, settings)
    return replace(answers, masks=masks(coefficients[row], planes, answers.boxes, size))


def masks(coefficients, planes, boxes, size):
    """bool[m, *size] of coefficients [m, p], planes [p, h, w], boxes [m, 4] in pixels."""
    count, height, width = planes.shape
    small = (coefficients @ planes.reshape(count, -1)).reshape(-1, height, width)
    rows, columns = weights(height, size[0]), weights(width, size[1])
    y, x = np.arange(size[0]), np.arange(size[1])
    found = np.zeros((len(boxes), *size), bool)
    for mask, plane, (x1, y1, x2, y2) in zip(found, small, boxes):
        inside = np.ix_((y >= y1) & (y < y2), (x >= x1) & (x < x2))
        mask[inside] = (rows[inside[0][:, 0]] @ plane @ columns[inside[1][0]].T) > 0
    return found


def weights(small, large):
    """[large, small]: bilinear interpolation along one axis, by the pixels' centres."""
    place = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    low = np.minimum(place.astype(int), max(small - 2, 0))
    found = np.zeros((large, small))
    found[np.arange(large), low] = 1 - (place - low)
    found[np.arange(large), np.minimum(low + 1, small - 1)] += place - low
    return found
