"""ON THE DEVICE AND HOST. A map of where text is -> a rectangle around each line (DB).

Liao and others, "Real-time Scene Text Detection with Differentiable Binarization" (AAAI 2020), and
PaddleOCR's `DBPostProcess` with its defaults: pixels above the threshold that touch are a region;
the smallest rectangle around it, of any angle, is its text, shrunk as the model was trained; it
grows on all sides by area * `unclip` / perimeter. The score is the mean probability inside.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

#: PaddleOCR's: regions of a smaller side, or less sure, are none; a rectangle grows by `UNCLIP`.
LEAST_SIDE, LEAST_SCORE, UNCLIP, MOST = 3, 0.5, 1.6, 1000


@dataclass(frozen=True)
class Regions:
    """The m lines of text in an image.

    Attributes:
        corners: float64[m, 4, 2], around each, the upper left first. scores: float64[m].
        numbers: int16[height, width], 1 where text is; None: not kept.
    """

    corners: Any
    scores: Any
    numbers: Any = None

    def inside(self, image):
        """Their corners cut at the edges of an image (height, width)."""
        height, width = image
        return replace(self, corners=np.clip(self.corners, 0, (width, height)))


def regions(plane, threshold=0.3, least=LEAST_SCORE, unclip=UNCLIP):
    """The Regions of probabilities [height, width], in its pixels, the surest first."""
    labels, count = connected(plane > threshold)
    found, scores = [], []
    for ys, xs in _members(labels, count)[:MOST]:
        rectangle = smallest_rectangle(_edge_points(ys, xs))
        if _sides(rectangle).min() < LEAST_SIDE:
            continue
        score = _mean_inside(plane, rectangle)
        grown = _grown(rectangle, unclip)
        if score >= least and _sides(grown).min() >= LEAST_SIDE + 2:
            found.append(_in_order(grown))
            scores.append(score)
    order = np.argsort(-np.array(scores, np.float64), kind="stable")
    return Regions(
        np.array(found, np.float64).reshape(-1, 4, 2)[order], np.array(scores, np.float64)[order]
    )


def connected(mask):
    """(int64[height, width] of regions 1..n, 0 outside; n): pixels that touch, corners too.

    Runs of each row are joined with those of the row above: work for runs and not for pixels.
    """
    rows, starts, ends = _runs(mask)
    parent = list(range(len(rows)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    above = 0
    for i, (row, start, end) in enumerate(zip(rows, starts, ends)):
        while above < i and (
            rows[above] < row - 1 or (rows[above] == row - 1 and ends[above] < start)
        ):
            above += 1
        other = above
        while other < i and rows[other] == row - 1 and starts[other] <= end:
            first, second = root(other), root(i)
            parent[max(first, second)] = min(first, second)
            other += 1
    number, labels = {}, np.zeros(mask.shape, np.int64)
    for i, (row, start, end) in enumerate(zip(rows, starts, ends)):
        labels[row, start:end] = number.setdefault(root(i), len(number) + 1)
    return labels, len(number)


def _runs(mask):
    """Lists of the row, the first and the column behind each run of True, row by row."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    rows, starts = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    return rows.tolist(), starts.tolist(), ends.tolist()


def _members(labels, count):
    """(ys, xs) of the pixels of each region."""
    ys, xs = np.nonzero(labels)
    number = labels[ys, xs]
    order = np.argsort(number, kind="stable")
    places = np.cumsum(np.bincount(number, minlength=count + 1)[1:])[:-1]
    parts = list(zip(np.split(ys[order], places), np.split(xs[order], places)))
    return parts[:count]  # none splits into one empty part


def _edge_points(ys, xs):
    """The first and the last pixel of each row of a region: all that a hull can have."""
    top = ys.min()
    low = np.full(ys.max() - top + 1, xs.max() + 1)
    high = np.full(len(low), -1)
    np.minimum.at(low, ys - top, xs)
    np.maximum.at(high, ys - top, xs)
    rows = np.flatnonzero(high >= 0)
    both = [np.stack([side[rows], rows + top], axis=1) for side in (low, high)]
    return np.concatenate(both).astype(np.float64)


def hull(points):
    """[h, 2]: the convex hull of points [n, 2], in order (Andrew 1979)."""
    points = np.unique(np.asarray(points, np.float64), axis=0).tolist()
    if len(points) < 3:
        return np.array(points)

    def half(of):
        found = []
        for point in of:
            while len(found) > 1 and _turn(found[-2], found[-1], point) <= 0:
                found.pop()
            found.append(point)
        return found[:-1]

    return np.array(half(points) + half(points[::-1]))


def _turn(a, b, c):
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def smallest_rectangle(points):
    """[4, 2]: the corners of the smallest rectangle of any angle around points [n, 2].

    One of its sides lies on a side of the hull (Freeman and Shapira 1975).
    """
    around = hull(points)
    if len(around) == 1:
        return np.repeat(around, 4, axis=0)
    sides = np.roll(around, -1, axis=0) - around
    along = sides / np.linalg.norm(sides, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    first, second = around @ along.T, around @ across.T  # [h, sides]
    low, high = first.min(axis=0), first.max(axis=0)
    near, far = second.min(axis=0), second.max(axis=0)
    best = int(np.argmin((high - low) * (far - near)))
    ends = [(low, near), (high, near), (high, far), (low, far)]
    return np.array([a[best] * along[best] + b[best] * across[best] for a, b in ends])


def _sides(rectangle):
    return np.linalg.norm(rectangle[1:3] - rectangle[:2], axis=1)


def _grown(rectangle, unclip):
    """Each side moved out by area * unclip / perimeter; corners stay corners."""
    wide, high = _sides(rectangle)
    by = wide * high * unclip / (2 * (wide + high))
    along, across = (rectangle[1] - rectangle[0]) / wide, (rectangle[2] - rectangle[1]) / high
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return np.array([c + by * (a * along + b * across) for c, (a, b) in zip(rectangle, signs)])


def _in_order(corners):
    """Clockwise on the screen from the upper left, as readers of text want them cut out."""
    left, right = np.split(corners[np.argsort(corners[:, 0], kind="stable")], 2)
    (upper_left, lower_left), (upper_right, lower_right) = (
        side[np.argsort(side[:, 1], kind="stable")] for side in (left, right)
    )
    return np.array([upper_left, upper_right, lower_right, lower_left])


def _mean_inside(plane, rectangle):
    """The mean of the pixels whose centres lie in a rectangle, its edge included."""
    last = (plane.shape[1] - 1, plane.shape[0] - 1)
    x1, y1 = np.clip(np.floor(rectangle.min(axis=0)), 0, last).astype(int)
    x2, y2 = np.clip(np.ceil(rectangle.max(axis=0)), 0, last).astype(int)
    ys, xs = np.mgrid[y1 : y2 + 1, x1 : x2 + 1]
    places = np.stack([xs, ys], axis=-1) - rectangle[0]
    wide, high = _sides(rectangle)
    across = places @ ((rectangle[2] - rectangle[1]) / high)
    along = places @ ((rectangle[1] - rectangle[0]) / wide)
    half = 0.5  # cv2.fillPoly fills the pixels that the edge goes through
    inside = (np.abs(along - wide / 2) <= wide / 2 + half) & (
        np.abs(across - high / 2) <= high / 2 + half
    )
    return float(plane[y1 : y2 + 1, x1 : x2 + 1][inside].mean()) if inside.any() else 0.0
