"""ON THE DEVICE AND HOST. BlazeFace (MediaPipe): a face with key points from each anchor.

Values are in pixels of the input, from the anchor's centre: x, y, width, height, then x, y of each
key point; a logit for each anchor, cut at +-100. What overlaps is averaged (`nms.weighted`):
Bazarevsky and others 2019, arXiv 1907.05047.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeopt.decoding import boxes, nms, ssd_anchors
from edgeopt.decoding.detections import Candidates, Detections, Settings
from edgeopt.decoding.outputs import (
    CERTAIN,
    NO,
    Recognition,
    WrongHead,
    batchless,
    sigmoid,
)

NAME = "blazeface"
WANTS = "values [anchors, 4 + 2 * key points] and logits [anchors, 1], with 896 or 2304 anchors"
DEFAULTS = Settings(score=0.001, overlap=0.3, most=100)
#: Unsure candidates move the answers: they cannot be left out beforehand.
AVERAGES = True


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        values = [read(outputs, size)[0] for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    if (classes or 1) != 1:
        return Recognition(NO, f"it knows one class, not {classes}")
    points = (values[0].shape[1] - 4) // 2
    return Recognition(CERTAIN, f"{len(values[0])} anchors of MediaPipe's, {points} key points")


def read(outputs, size, settings=DEFAULTS):
    """(values [a, 4 + 2 k], logits [a], anchors [a, 4]). Raises WrongHead."""
    tables = [batchless(array, 2) for array in outputs.values()]
    one = [table for table in tables if table is not None and table.shape[1] == 1]
    wide = [table for table in tables if table is not None and table.shape[1] > 4]
    # Two grids' outputs, as some exports leave them, the finer grid first.
    one, wide = (_joined(parts) for parts in (one, wide))
    if one is None or wide is None or len(one) != len(wide) or wide.shape[1] % 2:
        raise WrongHead(NAME, WANTS, outputs)
    anchors = settings.extra.get("anchors")
    anchors = ssd_anchors.blaze(size, len(one)) if anchors is None else np.asarray(anchors)
    if anchors is None or len(anchors) != len(one):
        raise WrongHead(NAME, WANTS, outputs, f"{len(one)} anchors are none of MediaPipe's")
    return wide, one[:, 0], anchors


def _joined(parts):
    parts = sorted(parts, key=len, reverse=True)
    same = len({part.shape[1] for part in parts}) == 1
    return np.concatenate(parts).astype(np.float64) if same else None


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image."""
    values, logits, anchors = read(outputs, size, settings)
    pixels = np.array([size[1], size[0]], np.float64)
    center = values[:, :2] * anchors[:, 2:] + anchors[:, :2] * pixels
    sides = values[:, 2:4] * anchors[:, 2:]
    found = boxes.from_centers(np.concatenate([center, sides], axis=1))
    places = values[:, 4:].reshape(len(values), -1, 2)
    places = places * anchors[:, None, 2:] + anchors[:, None, :2] * pixels
    points = np.concatenate([places, np.ones((*places.shape[:2], 1))], axis=2)
    return Candidates(found, sigmoid(np.clip(logits, -100, 100))[:, None], keypoints=points)


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    found = candidates(outputs, size, settings)
    row, _, score = nms.surest(found.scores, replace(settings, several=True))
    found = found.take(row)
    count = found.keypoints.shape[1]
    values = np.concatenate([found.boxes, found.keypoints.reshape(len(row), 3 * count)], axis=1)
    values, keep = nms.weighted(found.boxes, values, score, settings.overlap, settings.most)
    points = values[:, 4:].reshape(-1, count, 3)
    return Detections(values[:, :4], score[keep], np.zeros(len(keep), np.int64), keypoints=points)
