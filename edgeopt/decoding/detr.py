"""ON THE DEVICE AND HOST. DETR and RT-DETR: a set of boxes, each once; there is no suppression.

Boxes are x, y of the centre, width and height in shares. DETR's logits end with "no object" and go
through softmax (Carion and others 2020, arXiv 2005.12872); those of Deformable DETR and RT-DETR
have no such class, go through sigmoid, and a box may answer for several classes. Ultralytics
exports RT-DETR as one table with probabilities.
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, nms
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

NAME = "detr"
WANTS = "logits [queries, classes] and boxes [queries, 4] in shares, or one table of both"
#: extra: "activation": "softmax" (the last is "no object"), "sigmoid", "none"; None: told.
DEFAULTS = Settings(score=0.001, most=300)
_FEWEST_QUERIES, _MOST_QUERIES = 10, 1000


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        pairs = [read(outputs) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    logits = np.concatenate([pair[1] for pair in pairs])
    if classes and logits.shape[1] - classes not in (0, 1, 2):
        return Recognition(NO, f"{logits.shape[1]} logits are not those of {classes} classes")
    activation = told(logits, classes)
    known = f"{len(pairs[0][0])} boxes in shares, {logits.shape[1]} logits by {activation}"
    certain = len(samples[0]) == 2 and not in_unit(logits)
    return Recognition(CERTAIN if certain else POSSIBLE, known)


def read(outputs):
    """(boxes [q, 4], logits [q, c]). Raises WrongHead."""
    tables = [(name, batchless(array, 2)) for name, array in outputs.items()]
    if len(outputs) == 1 and tables[0][1] is not None:
        table = tables[0][1]
        tables = [("boxes", table[:, :4]), ("logits", table[:, 4:])]
    if len(tables) != 2 or any(table is None for _, table in tables):
        raise WrongHead(NAME, WANTS, outputs)
    (_, found), (_, logits) = sorted(tables, key=_unlike_boxes)
    if len(found) != len(logits) or found.shape[1] != 4 or not logits.shape[1]:
        raise WrongHead(NAME, WANTS, outputs)
    if not _FEWEST_QUERIES <= len(found) <= _MOST_QUERIES:
        raise WrongHead(NAME, WANTS, outputs, f"{len(found)} is no usual number of queries")
    if np.mean((found > -0.05) & (found < 1.05)) < 0.9:  # integers may leave 0..1 a little
        raise WrongHead(NAME, WANTS, outputs, "its boxes are no shares of the input")
    return found.astype(np.float64), logits.astype(np.float64)


def _unlike_boxes(output):
    """Sorts boxes before logits, which are four, too, of three classes and "no object"."""
    name, table = output
    return table.shape[1] != 4, "box" not in name.lower(), not in_unit(table)


def told(logits, classes=None):
    """The activation: most of DETR's queries find "no object", which stands last."""
    if in_unit(logits):
        return "none"
    if classes:
        return "sigmoid" if logits.shape[1] == classes else "softmax"
    empty = logits.argmax(axis=1) == logits.shape[1] - 1
    return "softmax" if logits.shape[1] > 1 and empty.mean() > 0.5 else "sigmoid"


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image."""
    found, logits = read(outputs)
    activation = settings.extra.get("activation") or told(logits, settings.classes)
    if activation == "softmax":
        scores = softmax(logits)[:, :-1]
    else:
        scores = sigmoid(logits) if activation == "sigmoid" else logits
    return Candidates(boxes.scaled(boxes.from_centers(found), size), scores)


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings), settings, suppress=None)[0]
