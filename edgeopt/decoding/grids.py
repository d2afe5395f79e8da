"""ON THE DEVICE AND HOST. The points that a head proposes boxes at, a grid for each stride."""

from __future__ import annotations

import numpy as np

from edgeopt.decoding.outputs import softmax

#: The strides of the families, most usual first.
STRIDES = ((8, 16, 32), (8, 16, 32, 64), (16, 32), (4, 8, 16, 32))


def cells(size, strides):
    """[(rows, columns)] of each stride's grid. size: (height, width)."""
    return [(-(-size[0] // s), -(-size[1] // s)) for s in strides]


def count(size, strides):
    """How many points there are."""
    return sum(rows * columns for rows, columns in cells(size, strides))


def points(size, strides, offset=0.5):
    """Points [a, 2] (x, y in pixels) and strides [a], row by row, the finest grid first.

    offset: where in its cell a point lies: 0.5 in the middle, 0 in the upper left corner.
    """
    found, each = [], []
    for (rows, columns), stride in zip(cells(size, strides), strides):
        y, x = np.mgrid[:rows, :columns]
        found.append((np.stack([x, y], -1).reshape(-1, 2) + offset) * stride)
        each.append(np.full(rows * columns, float(stride)))
    return np.concatenate(found), np.concatenate(each)


def strides_of(size, total, per_point=1):
    """The strides whose grids have so many points; None where no usual ones have."""
    return next((s for s in STRIDES if per_point * count(size, s) == total), None)


def strides_of_shapes(size, shapes):
    """The strides of grids [(rows, columns)]; None where they do not divide the input evenly."""
    found = []
    for rows, columns in shapes:
        stride = round(size[0] / max(rows, 1))
        if stride < 1 or cells(size, [stride]) != [(rows, columns)]:
            return None
        found.append(stride)
    return tuple(found) if len(set(found)) == len(found) else None


def expected_distances(logits, bins):
    """[a, 4 * bins] -> [a, 4]: the mean of each side's distribution over 0 .. bins - 1.

    Generalized focal loss (Li and others 2020, arXiv 2006.04388), "DFL" in YOLO.
    """
    return softmax(logits.reshape(len(logits), 4, bins)) @ np.arange(bins, dtype=np.float64)


def are_near(centers, at, strides, most=8.0):
    """Whether nearly all centres [a, 2] lie within so many strides of their points.

    Decoded boxes do: no head reaches far from its point. Boxes in another order, or of another
    form, do not.
    """
    away = np.abs(centers - at).max(axis=1) / strides
    return bool(np.mean(away <= most) > 0.98)
