"""ON THE DEVICE AND HOST. SSD without post-processing: offsets from anchors, and scores.

Offsets are y, x of the centre in a tenth of the anchor's sides and the logarithm of height and
width in fifths (TensorFlow's `FasterRcnnBoxCoder`); of the scores the first is the background's.
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, nms, ssd_anchors
from edgeopt.decoding.detections import Candidates, Settings
from edgeopt.decoding.outputs import (
    CERTAIN,
    NO,
    POSSIBLE,
    Recognition,
    WrongHead,
    batchless,
    in_unit,
    sigmoid,
    softmax,
)

NAME = "ssd"
_SCORES = ("class", "score", "conf", "logit", "prob")
WANTS = "offsets [anchors, 4] and scores [anchors, 1 + classes], the background's first"
#: extra: "anchors" [a, 4] (x, y, width, height in shares; None: TensorFlow's), "scales" (of y, x,
#: height, width), "activation" of the scores ("sigmoid", "softmax", "none"; None: told by values).
DEFAULTS = Settings(score=0.001, overlap=0.6, most=100, extra={"scales": (10, 10, 5, 5)})


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        pairs = [read(outputs, classes) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    offsets, scores = pairs[0]
    known = f"{len(offsets)} anchors, {scores.shape[1] - 1} classes and the background"
    if len(offsets) == len(ssd_anchors.ssd(size)):
        return Recognition(CERTAIN, f"{known}: as many as TensorFlow's SSD has for this input")
    if len(offsets) <= 1000:
        return Recognition(NO, f"{len(offsets)} boxes are too few for anchors")
    return Recognition(POSSIBLE, f"{known}; its anchors have to be given")


def read(outputs, classes=None):
    """(offsets [a, 4], scores [a, 1 + c]). Raises WrongHead."""
    tables = {name: batchless(_plain(array), 2) for name, array in outputs.items()}
    if len(tables) != 2 or any(table is None for table in tables.values()):
        raise WrongHead(NAME, WANTS, outputs)
    first = _offsets(tables, outputs)
    offsets = tables.pop(first)
    (scores,) = tables.values()
    if offsets.shape[1] != 4 or scores.shape[1] < 2 or len(offsets) != len(scores):
        raise WrongHead(NAME, WANTS, outputs)
    if classes and scores.shape[1] != classes + 1:
        why = f"{scores.shape[1]} scores are {scores.shape[1] - 1} classes, not {classes}"
        raise WrongHead(NAME, WANTS, outputs, why)
    return offsets.astype(np.float64), scores.astype(np.float64)


def _offsets(tables, outputs):
    """Which are the offsets: of two with four columns, names and then probabilities tell."""
    found = [name for name, table in tables.items() if table.shape[1] == 4]
    if len(found) == 2:
        found = [name for name in tables if not any(word in name.lower() for word in _SCORES)]
    if len(found) == 2:
        found = [name for name, table in tables.items() if not in_unit(table)]
    if len(found) != 1:
        why = "neither names nor values tell offsets from scores"
        raise WrongHead(NAME, WANTS, outputs, why)
    return found[0]


def _plain(array):
    """[1, a, 1, 4] is [1, a, 4], as TensorFlow's graphs may have it."""
    array = np.asarray(array)
    return array[:, :, 0] if array.ndim == 4 and array.shape[2] == 1 else array


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image.

    Raises:
        WrongHead: another shape, or a number of anchors that TensorFlow's SSD does not have.
    """
    offsets, scores = read(outputs, settings.classes)
    anchors = settings.extra.get("anchors")
    anchors = ssd_anchors.ssd(size) if anchors is None else np.asarray(anchors, np.float64)
    if len(anchors) != len(offsets):
        why = f"{len(offsets)} anchors, but {len(anchors)} are known for this input: give its own"
        raise WrongHead(NAME, WANTS, outputs, why)
    offsets = offsets / settings.extra.get("scales", (10, 10, 5, 5))
    center = offsets[:, [1, 0]] * anchors[:, 2:] + anchors[:, :2]
    sides = np.exp(offsets[:, [3, 2]]) * anchors[:, 2:]
    found = boxes.from_centers(np.concatenate([center, sides], axis=1))
    activated = _activated(scores, settings.extra.get("activation"))
    return Candidates(boxes.scaled(found, size), activated[:, 1:])


def _activated(scores, activation):
    if activation is None:
        activation = "none" if in_unit(scores) else "sigmoid"
    return {"none": np.asarray, "sigmoid": sigmoid, "softmax": softmax}[activation](scores)


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings), settings)[0]
