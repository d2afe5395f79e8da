"""ON THE DEVICE AND HOST. The one table that YOLO's exports give: a row for each proposed box."""

from __future__ import annotations

import numpy as np

from edgeopt.decoding import grids
from edgeopt.decoding.outputs import batchless


def table(outputs, size, per_point=1):
    """The output with a row or a column for each point of the grids.

    Returns:
        (rows float64[a, c], strides, whether the output had them as columns); None where no
        output, or more than one, has such an axis.
    """
    found = []
    for array in outputs.values():
        rows = batchless(array, 2)
        if rows is None:
            continue
        for turned in (True, False):
            strides = grids.strides_of(size, rows.shape[1 if turned else 0], per_point)
            if strides is not None and min(rows.shape) > 4:
                found.append(((rows.T if turned else rows).astype(np.float64), strides, turned))
                break
    return found[0] if len(found) == 1 else None


def points(size, strides, per_point=1):
    """Points [a, 2] and strides [a] in the order of the table: anchor by anchor of each grid."""
    at, each = [], []
    for stride in strides:
        place, scale = grids.points(size, (stride,))
        at.append(np.tile(place, (per_point, 1)))
        each.append(np.tile(scale, per_point))
    return np.concatenate(at), np.concatenate(each)
