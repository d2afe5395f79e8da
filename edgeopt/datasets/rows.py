"""Rows of an output that are a set, as detections after suppression are: padded behind the last.

Scores that are nearly equal change places by rounding, and with them whole rows. What is compared
is then each row of the source's with the likest of the answer's, wherever it stands.
"""

from __future__ import annotations

import numpy as np

#: Values that all of a row holds where nothing was found.
PADDING = (0, -1)

#: The share of samples that must have padding behind their last row, of different lengths.
LEAST_PADDED = 0.5

#: A box, its score and class are so many values. What has more, as steps of a padded sequence do,
#: is a set where a column falls in so many of the samples.
MOST_COLUMNS, FALLING = 7, 0.9

#: What a column varies by beside the largest, at least: rounding in a fainter one likens no rows.
FAINT = 1e-6

_LOOKED = 64  # samples
MOST_ROWS = 512  # pairs of more rows take too long


def are_sets(source: np.ndarray) -> bool:
    """Whether [n, ..., rows, columns] hold rows and then padding, in some samples more."""
    rows = _rows(source[:_LOOKED])
    if rows is None or rows.dtype.kind not in "fiu" or not 2 <= rows.shape[1] <= MOST_ROWS:
        return False
    counts = _counts(rows)
    if np.mean(counts < rows.shape[1]) < LEAST_PADDED or len(np.unique(counts)) < 2:
        return False
    return rows.shape[2] <= MOST_COLUMNS or _falls(rows, counts)


def in_order(own: np.ndarray, source: np.ndarray) -> np.ndarray:
    """An answer's rows, each beside the row of the source's that it is likest; both of sets.

    Rows that are missing leave padding, and rows that are too many stand where the source has it.

    Args:
        own, source: [n, ..., rows, columns], of the same shape; the order of rows is the source's.
    """
    theirs = _rows(source)
    assert theirs is not None
    ours = np.asarray(own).reshape(theirs.shape)
    counts, own_counts = _counts(theirs), _counts(ours)
    unit = _of_all(theirs, counts).std(axis=0)
    unit = np.maximum(unit, max(FAINT * unit.max(initial=0.0), 1e-12))
    found = ours.copy()
    for i, (count, own_count) in enumerate(zip(counts, own_counts, strict=True)):
        found[i] = ours[i][_order(ours[i] / unit, theirs[i] / unit, int(own_count), int(count))]
    return found.reshape(source.shape)


def _order(ours: np.ndarray, theirs: np.ndarray, own_count: int, count: int) -> np.ndarray:
    """int[rows]: which row of `ours` [rows, columns] is to stand at each place."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    distances = np.nan_to_num(cdist(theirs[:count], ours[:own_count]), nan=1e9, posinf=1e9)
    places, taken = linear_sum_assignment(distances)
    order = np.full(len(ours), -1)
    order[places] = taken
    left = np.setdiff1d(np.arange(len(ours)), taken)
    free = np.flatnonzero(order < 0)
    # What is left of the answer goes behind, its padding before it where the source's rows are.
    order[free] = np.concatenate([left[left >= own_count], left[left < own_count]])
    return order


def _rows(answers: np.ndarray) -> np.ndarray | None:
    """[n, rows, columns] where a sample's two last axes are all it has."""
    shape = answers.shape[1:]
    if len(shape) < 2 or min(shape[-2:]) < 2 or any(d > 1 for d in shape[:-2]):
        return None
    return answers.reshape(len(answers), *shape[-2:])


def _falls(rows: np.ndarray, counts: np.ndarray) -> bool:
    """Whether a column falls from row to row in nearly all samples, as the score of a detection.

    One that stays as it is, as the edge of a map does, orders nothing.
    """
    steps = np.diff(rows.astype(np.float64), axis=1)
    behind = (np.arange(rows.shape[1] - 1) >= counts[:, None] - 1)[:, :, None]
    falls = ((steps <= 0) | behind).all(axis=1)
    moves = ((steps < 0) & ~behind).any(axis=1) | (counts < 2)[:, None]
    return bool(((falls & moves).mean(axis=0) >= FALLING).any())


def _counts(rows: np.ndarray) -> np.ndarray:
    """int[n]: rows before the padding of each sample."""
    there: np.ndarray = np.logical_not(np.isin(rows, PADDING).all(axis=2))
    last = rows.shape[1] - np.argmax(there[:, ::-1], axis=1)
    found: np.ndarray = np.where(there.any(axis=1), last, 0)
    return found


def _of_all(rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """float64 [m, columns]: the rows that are no padding."""
    there = np.arange(rows.shape[1]) < counts[:, None]
    return rows[there].astype(np.float64)
