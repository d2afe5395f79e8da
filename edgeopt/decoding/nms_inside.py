"""ON THE DEVICE AND HOST. Graphs that suppress by themselves: what stands there is only read.

Four forms: boxes, scores and labels by name (torchvision, RT-DETR's own export, TensorRT's
EfficientNMS with the number of answers); a table of seven (YOLOv7: image, corners, class, score);
boxes and scores of all candidates with the indices that ONNX's NonMaxSuppression selected.
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
    batchless,
    in_unit,
    only,
)

NAME = "nms-inside"
WANTS = (
    "boxes [answers, 4], scores [answers] and labels [answers]; or [answers, 7]; or boxes "
    "[a, 4], scores [classes, a] and selected indices [answers, 3]"
)
#: extra: "background": the label 0 is none (torchvision), so that labels count from 1.
DEFAULTS = Settings(score=0.001)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        parts = [read(outputs) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    found, scores, labels = (np.concatenate(part) for part in zip(*parts))
    if not in_unit(scores) or not are_whole(labels):
        return Recognition(NO, "its scores are no probabilities, or its labels no whole numbers")
    if classes and len(labels) and labels.max() > classes:
        return Recognition(NO, f"label {labels.max():.0f} of {classes} classes")
    if not len(scores):
        return Recognition(POSSIBLE, "the shapes fit, but no image has an answer")
    turned = (found[:, 2:] < found[:, :2] - 1e-3).any()
    return Recognition(POSSIBLE if turned else CERTAIN, "finished boxes, scores and labels")


def read(outputs):
    """(boxes [k, 4], scores [k], labels [k]). Raises WrongHead."""
    for form in (_selected, _lists, _seven):
        found = form(outputs)
        if found is not None:
            return tuple(np.asarray(part, np.float64) for part in found)
    raise WrongHead(NAME, WANTS, outputs)


def _seven(outputs):
    rows = only(outputs, 2) if len(outputs) == 1 else None
    if rows is None or rows.shape[1] != 7:
        return None
    return rows[:, 1:5], rows[:, 6], rows[:, 5]


def _lists(outputs):
    """Boxes beside two lists of the same length, and perhaps their number."""
    number = {name: a for name, a in outputs.items() if np.size(a) == 1 and "num" in name.lower()}
    rest = {name: array for name, array in outputs.items() if name not in number}
    if len(rest) != 3 or len(number) > 1:
        return None
    found = next((batchless(a, 2) for a in rest.values() if _is_boxes(a)), None)
    if found is None:
        return None
    lists = {n: _list(a, len(found)) for n, a in rest.items() if not _is_boxes(a)}
    if len(lists) != 2 or any(values is None for values in lists.values()):
        return None
    labels = _labels(lists)
    scores = next(name for name in lists if name != labels)
    count = int(np.ravel(next(iter(number.values())))[0]) if number else len(found)
    return found[:count], lists[scores][:count], lists[labels][:count]


def _is_boxes(array):
    rows = batchless(array, 2)
    return rows is not None and rows.shape[1] == 4 and np.ndim(array) >= 2


def _list(array, length):
    array = np.asarray(array)
    return array.reshape(-1) if array.size == length else None


def _labels(lists):
    """The list that is labels: by its name, by its type, else the one of whole numbers."""
    names = [n for n in lists if any(w in n.lower() for w in ("label", "class"))]
    whole = [n for n, values in lists.items() if values.dtype.kind in "iu"]
    by_value = [n for n, values in lists.items() if are_whole(values)]
    return next((kind[0] for kind in (names, whole, by_value) if len(kind) == 1), list(lists)[1])


def _selected(outputs):
    """Boxes [a, 4], scores [c, a], indices [k, 3] of image, class, box."""
    arrays = [(batchless(a, 2), np.asarray(a)) for a in outputs.values()]
    if len(arrays) != 3 or any(rows is None for rows, _ in arrays):
        return None
    index = [rows for rows, a in arrays if a.dtype.kind in "iu" and rows.shape[1] == 3]
    found = [rows for rows, a in arrays if a.dtype.kind == "f" and rows.shape[1] == 4]
    if len(index) != 1 or not found:
        return None
    scores = [rows for rows, a in arrays if a.dtype.kind == "f" and rows is not found[0]]
    if len(scores) != 1 or scores[0].shape[1] != len(found[0]):
        return None
    _, label, row = index[0].T
    return found[0][row], scores[0][label, row], label


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    found, scores, labels = read(outputs)
    keep = np.flatnonzero(scores >= max(settings.score, 1e-9))
    keep = keep[np.argsort(-scores[keep], kind="stable")][: settings.most]
    pixels = yolo.in_pixels(found[keep], size, settings.shares)
    first = 1 if settings.extra.get("background") else 0
    return Detections(pixels, scores[keep], np.round(labels[keep]).astype(np.int64) - first)
