"""ON THE DEVICE AND HOST. SSD with TFLite's post-processing operator inside: finished answers.

Boxes as y1, x1, y2, x2 in shares of the input, classes, scores, and how many of them count. The
order of the four differs from exporter to exporter; their values tell which is which.
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes
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
)

NAME = "ssd-postprocess"
WANTS = "boxes [answers, 4], classes [answers], scores [answers] and their number [1]"
#: extra: "scores" and "classes", the names of those outputs, where values leave it open.
DEFAULTS = Settings(score=0.001, most=100)


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        for outputs in samples:
            _, _, found, count = read(outputs)
            if classes and count and found[:count].max() >= classes:
                return Recognition(NO, f"class {found[:count].max():.0f} of {classes} classes")
        _names(samples)
    except WrongHead as error:
        return Recognition(NO, error.why)
    except ValueError as error:
        return Recognition(POSSIBLE, str(error))
    return Recognition(CERTAIN, f"{len(found)} finished boxes, classes, scores and their number")


def read(outputs, settings=DEFAULTS):
    """(boxes [k, 4], scores [k], classes [k], how many count). Raises WrongHead."""
    rows = {name: batchless(array, 2) for name, array in outputs.items()}
    found = [a for a in rows.values() if a is not None and a.shape[1] == 4 and a.shape[0] > 1]
    number = [array for array in outputs.values() if np.size(array) == 1]
    if len(outputs) != 4 or len(found) != 1 or len(number) != 1:
        raise WrongHead(NAME, WANTS, outputs)
    lists = _lists(outputs, len(found[0]))
    if len(lists) != 2 or not are_whole(np.ravel(number[0])):
        raise WrongHead(NAME, WANTS, outputs)
    count = min(int(np.ravel(number[0])[0]), len(found[0]))
    scores, classes = _told_apart(outputs, lists, count, settings)
    return found[0].astype(np.float64), scores, classes, count


def _lists(outputs, length):
    arrays = {name: batchless(array, 1) for name, array in outputs.items()}
    return {
        name: array.astype(np.float64)
        for name, array in arrays.items()
        if array is not None and array.shape == (length,)
    }


def _told_apart(outputs, lists, count, settings):
    """Scores and classes: by the names given, by values, by their names. Raises WrongHead."""
    given = settings.extra.get("scores"), settings.extra.get("classes")
    if all(name in lists for name in given):
        return lists[given[0]], lists[given[1]]
    pairs = [
        (scores, classes)
        for scores, classes in (list(lists), list(lists)[::-1])
        if in_unit(lists[scores][:count]) and are_whole(lists[classes][:count])
    ]
    if not pairs:
        why = "neither list of numbers has scores within 0..1 beside whole classes"
        raise WrongHead(NAME, WANTS, outputs, why)
    if len(pairs) == 2:  # all scores 0 or 1, or no answers: TFLite's own order
        pairs = [tuple(sorted(pairs[0], key=lambda name: list(outputs).index(name)))[::-1]]
    scores, classes = pairs[0]
    return lists[scores], lists[classes]


def _names(samples):
    """Raise ValueError where no image tells scores from classes."""
    for outputs in samples:
        lists = list(_lists(outputs, max(np.size(a) for a in outputs.values()) // 4).values())
        if not all(are_whole(values) for values in lists):
            return
    raise ValueError("scores and classes cannot be told apart: all of them are whole numbers")


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    found, scores, classes, count = read(outputs, settings)
    keep = np.flatnonzero(scores[:count] >= max(settings.score, 1e-9))
    keep = keep[np.argsort(-scores[keep], kind="stable")][: settings.most]
    pixels = boxes.scaled(boxes.swapped(found[keep]), size)
    return Detections(pixels, scores[keep], np.round(classes[keep]).astype(np.int64))
