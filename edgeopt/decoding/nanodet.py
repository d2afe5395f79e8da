"""ON THE DEVICE AND HOST. NanoDet and PicoDet: distances in bins, and a score for each class.

As `yolo_dfl`, with 8 bins, and probabilities before the distances. NanoDet gives one table of
strides 8, 16, 32 with points in the middle of cells, NanoDet-Plus one of strides 8 to 64 with
points in their corners; PicoDet gives scores and distances of strides 8 to 64 apart, points in the
middle (Li and others 2020, arXiv 2006.04388; Yu and others 2021, arXiv 2111.00902).
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import boxes, grids, nms
from edgeopt.decoding.detections import Candidates, Settings
from edgeopt.decoding.outputs import (
    CERTAIN,
    NO,
    POSSIBLE,
    Recognition,
    WrongHead,
    batchless,
    in_unit,
    probabilities,
)
from edgeopt.decoding.yolo_rows import table

NAME = "nanodet"
WANTS = "one output [points, classes + 32], or [points, classes] and [points, 32] for each stride"
#: extra: "bins", and "offset" of the points in their cells (None: as the family has it).
DEFAULTS = Settings(score=0.001, overlap=0.6, most=100, extra={"bins": 8})


def recognize(samples, size, classes=None):
    """Whether some images' outputs [{name: array}] are this head's. size: (height, width)."""
    try:
        parts = [read(outputs, size, classes) for outputs in samples]
    except WrongHead as error:
        return Recognition(NO, error.why)
    scores, _, strides, offset = parts[0]
    if not all(in_unit(part[0]) for part in parts) or all(in_unit(part[1]) for part in parts):
        return Recognition(NO, "its first values are no probabilities, or its last no logits")
    known = f"{scores.shape[1]} classes and distances in bins at strides {list(strides)}"
    certain = classes or len(samples[0]) > 1
    return Recognition(CERTAIN if certain else POSSIBLE, f"{known}, points at {offset}")


def read(outputs, size, classes=None, bins=8):
    """(scores [a, c], distances [a, 4 * bins], strides, the points' offset). Raises WrongHead."""
    if len(outputs) == 1:
        found = _one(outputs, size, 4 * bins)
    else:
        found = _several(outputs, size, 4 * bins)
    if found is None:
        raise WrongHead(NAME, WANTS, outputs)
    if classes and found[0].shape[1] != classes:
        why = f"{found[0].shape[1]} classes beside {4 * bins} bins, not {classes}"
        raise WrongHead(NAME, WANTS, outputs, why)
    return found


def _one(outputs, size, box):
    found = table(outputs, size)
    if found is None or found[0].shape[1] <= box:
        return None
    rows, strides, _ = found
    return rows[:, :-box], rows[:, -box:], strides, 0.0 if len(strides) == 4 else 0.5


def _several(outputs, size, box):
    """Two tables for each stride, in any order; those of equal width by their values."""
    tables = [batchless(array, 2) for array in outputs.values()]
    if any(one is None for one in tables):
        return None
    by_count = {}
    for one in tables:
        by_count.setdefault(len(one), []).append(one.astype(np.float64))
    counts = sorted(by_count, reverse=True)
    strides = next((s for s in grids.STRIDES if _counts(size, s) == counts), None)
    if strides is None or any(len(pair) != 2 for pair in by_count.values()):
        return None
    pairs = [_pair(by_count[count], box) for count in counts]
    if any(pair is None for pair in pairs) or len({pair[0].shape[1] for pair in pairs}) > 1:
        return None
    scores, distances = (np.concatenate(part) for part in zip(*pairs))
    return scores, distances, strides, 0.5


def _counts(size, strides):
    return [rows * columns for rows, columns in grids.cells(size, strides)]


def _pair(pair, box):
    """Scores before distances; where both are 32 wide, those within 0..1 are the scores."""
    scores, distances = sorted(pair, key=lambda one: (one.shape[1] == box, not in_unit(one)))
    return (scores, distances) if distances.shape[1] == box else None


def candidates(outputs, size, settings=DEFAULTS):
    """The Candidates of one image."""
    bins = settings.extra.get("bins", 8)
    scores, distances, strides, offset = read(outputs, size, settings.classes, bins)
    given = settings.extra.get("offset")
    at, each = grids.points(size, strides, offset if given is None else given)
    away = grids.expected_distances(distances, bins) * each[:, None]
    return Candidates(boxes.from_distances(at, away), probabilities(scores))


def decode(outputs, size, settings=DEFAULTS):
    """The Detections of one image. Raises WrongHead."""
    return nms.select(candidates(outputs, size, settings), settings)[0]
