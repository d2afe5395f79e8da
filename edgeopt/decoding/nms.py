"""ON THE DEVICE AND HOST. Non-maximum suppression: of answers to one object the surest stays."""

from __future__ import annotations

import functools
import time

import numpy as np

from edgeopt.decoding import boxes, rotated
from edgeopt.decoding.detections import Detections


class Clock:
    """Seconds that this module's suppressions took, added up: decoding and NMS are told apart."""

    seconds = 0.0


CLOCK = Clock()


def _clocked(suppress):
    @functools.wraps(suppress)
    def timed(*given, **more):
        start = time.perf_counter()
        try:
            return suppress(*given, **more)
        finally:
            CLOCK.seconds += time.perf_counter() - start

    return timed


@_clocked
def greedy(found, scores, classes, overlap, most=300, similarity=boxes.iou):
    """Indices of what stays, by falling score; of equal scores the first comes first.

    A box goes where it overlaps MORE than `overlap` with a surer one of its class that stays: as
    ONNX's NonMaxSuppression, TensorFlow's and TFLite's have it.

    Args:
        found: [m, 4] (or [m, 5] with `rotated.iou`). scores: [m]. classes: [m], or None: all are
            compared with each other. similarity: (one [1, ...], others [m, ...]) -> [1, m].
    """
    order = np.argsort(-np.asarray(scores), kind="stable")
    found = found[order]
    kinds = np.zeros(len(order), np.int64) if classes is None else np.asarray(classes)[order]

    def near(these, those):
        close = similarity(found[these], found[those]) > overlap
        return close & (kinds[these][:, None] == kinds[those][None, :])

    keep = np.zeros(0, np.int64)
    for first in range(0, len(order), _AT_ONCE):
        block = np.arange(first, min(first + _AT_ONCE, len(order)))
        if len(keep):
            block = block[~near(keep, block).any(axis=0)]
        keep = np.concatenate([keep, block[_standing(near(block, block), most - len(keep))]])
        if len(keep) == most:
            break
    return order[keep].astype(np.int64)


#: Boxes that are compared with each other at once. Fewer make more calls of numpy, more compare
#: what is suppressed anyway: of 300 to 40,000 boxes 64 was fastest, 3 times as fast as one by one.
_AT_ONCE = 64


def _standing(near, most):
    """Places of what stays, at most so many, of bool[m, m] by falling score."""
    stays, keep = np.ones(len(near), bool), []
    for best in range(len(near)):
        if len(keep) == most:
            break
        if stays[best]:
            keep.append(best)
            stays[best + 1 :] &= ~near[best, best + 1 :]
    return np.array(keep, np.int64)


@_clocked
def fast(found, scores, classes, overlap, most=300, similarity=rotated.probiou):
    """As `greedy`, but what a surer one of its class overlaps by `overlap` or more goes even where
    that one goes itself: what Ultralytics does with rotated boxes (YOLACT's fast NMS)."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    near = np.triu(similarity(found[order], found[order]) >= overlap, 1)
    if classes is not None:
        near &= classes[order][:, None] == classes[order][None, :]
    return order[~near.any(axis=0)][:most].astype(np.int64)


@_clocked
def weighted(found, values, scores, overlap, most=300):
    """As MediaPipe has it (BlazeFace): what overlaps with the surest is averaged into it.

    Args:
        found: [m, 4]. values: [m, v], averaged with the scores as weights. scores: [m].

    Returns:
        values [k, v] and the indices [k] of the surest ones, whose scores stay.
    """
    left = np.argsort(-np.asarray(scores), kind="stable")
    keep, averaged = [], []
    while len(left) and len(keep) < most:
        near = boxes.iou(found[left[:1]], found[left])[0] > overlap
        near[0] = True
        group = left[near]
        weights = scores[group] / scores[group].sum()
        averaged.append(weights @ values[group])
        keep.append(left[0])
        left = left[~near]
    return np.reshape(averaged, (-1, values.shape[1])), np.array(keep, np.int64)


def select(candidates, settings, suppress=greedy, similarity=boxes.iou):
    """The candidates' answers: Detections, and the row of the candidates that each is of.

    Args:
        suppress: `greedy`, `fast` or None: none of them suppresses another (DETR).
        similarity: of upright boxes; of rotated ones where the candidates have those.
    """
    row, label, score = surest(candidates.scores, settings)
    if suppress is None:
        keep = np.argsort(-score, kind="stable")[: settings.most]
    else:
        shape = candidates.boxes if candidates.rotated is None else candidates.rotated
        kinds = None if settings.across else label
        keep = suppress(shape[row], score, kinds, settings.overlap, settings.most, similarity)
    chosen = candidates.take(row[keep])
    found = Detections(chosen.boxes, score[keep], label[keep], chosen.rotated, chosen.keypoints)
    return found, row[keep]


def surest(scores, settings):
    """Rows, classes and scores of what is sure enough in [a, c], in the rows' order."""
    if settings.several:
        row, label = np.nonzero(scores >= settings.score)
    else:
        label = scores.argmax(axis=1)
        row = np.flatnonzero(scores[np.arange(len(scores)), label] >= settings.score)
        label = label[row]
    score = scores[row, label]
    if len(score) > settings.candidates:
        keep = np.sort(np.argsort(-score, kind="stable")[: settings.candidates])
        row, label, score = row[keep], label[keep], score[keep]
    return row, label, score
