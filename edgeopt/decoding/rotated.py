"""ON THE DEVICE AND HOST. Rotated boxes [..., 5]: x, y of the centre, width, height, radians.

The angle turns the x axis towards the y axis, which points down in images.
"""

from __future__ import annotations

import numpy as np

_NEAR = 1e-9  # relative to the boxes: what counts as on an edge


def corners(boxes):
    """[..., 4, 2], in order around the box."""
    cos, sin = np.cos(boxes[..., 4]), np.sin(boxes[..., 4])
    along = np.stack([cos, sin], -1) * boxes[..., 2:3] / 2
    across = np.stack([-sin, cos], -1) * boxes[..., 3:4] / 2
    center = boxes[..., :2]
    parts = [along + across, along - across, -along - across, -along + across]
    return np.stack([center + part for part in parts], axis=-2)


def enclosing(boxes):
    """[..., 4]: the upright x1 y1 x2 y2 around each."""
    points = corners(boxes)
    return np.concatenate([points.min(axis=-2), points.max(axis=-2)], axis=-1)


def iou(boxes, others):
    """[n, m]: intersection over union of the two polygons."""
    pair = np.broadcast_arrays(boxes[:, None, :5], others[None, :, :5])
    first, second = (np.asarray(part, np.float64).reshape(-1, 5) for part in pair)
    shared = common(first, second).reshape(len(boxes), len(others))
    union = (boxes[:, 2] * boxes[:, 3])[:, None] + (others[:, 2] * others[:, 3])[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def probiou(boxes, others):
    """[n, m]: 1 minus Hellinger's distance of the boxes as Gaussians.

    Llerena and others 2021 (arXiv 2106.06072); what Ultralytics' NMS of rotated boxes compares.
    """
    a1, b1, c1 = (value[:, None] for value in _covariance(boxes))
    a2, b2, c2 = (value[None, :] for value in _covariance(others))
    dx = boxes[:, None, 0] - others[None, :, 0]
    dy = boxes[:, None, 1] - others[None, :, 1]
    a, b, c = a1 + a2, b1 + b2, c1 + c2
    both = a * b - c**2
    first = (a * dy**2 + b * dx**2) / both / 4 - c * dx * dy / both / 2
    alone = np.sqrt(np.maximum(a1 * b1 - c1**2, 0) * np.maximum(a2 * b2 - c2**2, 0))
    second = np.log(np.maximum(both / (4 * alone + 1e-7), 1e-7)) / 2
    apart = np.clip(first + second, 1e-7, 100)
    return 1 - np.sqrt(1 - np.exp(-apart) + 1e-7)


def _covariance(boxes):
    """The entries a, b, c of [[a, c], [c, b]], of a uniform density on the box."""
    along, across = boxes[:, 2] ** 2 / 12, boxes[:, 3] ** 2 / 12
    cos, sin = np.cos(boxes[:, 4]), np.sin(boxes[:, 4])
    return (
        along * cos**2 + across * sin**2,
        along * sin**2 + across * cos**2,
        (along - across) * cos * sin,
    )


def common(first, second):
    """[p]: the area that the boxes of each pair [p, 5] share.

    It is the polygon of the corners of each that lie in the other, and of the points where their
    edges cross: at most 24 points, put in order around their mean.
    """
    one, two = corners(first), corners(second)
    crossing, crosses = _crossings(one, two)
    points = np.concatenate([one, two, crossing], axis=1)
    valid = np.concatenate([_within(one, second), _within(two, first), crosses], axis=1)
    count = valid.sum(axis=1)
    mean = np.where(valid[..., None], points, 0).sum(axis=1) / np.maximum(count, 1)[:, None]
    around = points - mean[:, None]
    angle = np.where(valid, np.arctan2(around[..., 1], around[..., 0]), np.inf)
    order = np.argsort(angle, axis=1)
    around = np.take_along_axis(around, order[..., None], 1)
    # What is not valid becomes the first point again, which adds no area.
    last = np.arange(points.shape[1]) >= count[:, None]
    around = np.where(last[..., None], around[:, :1], around)
    following = np.roll(around, -1, axis=1)
    doubled = around[..., 0] * following[..., 1] - around[..., 1] * following[..., 0]
    return np.where(count > 2, np.abs(doubled.sum(axis=1)) / 2, 0.0)


def _within(points, boxes):
    """bool[p, 4]: points [p, 4, 2] that lie in their box [p, 5]."""
    away = points - boxes[:, None, :2]
    cos, sin = np.cos(boxes[:, 4])[:, None], np.sin(boxes[:, 4])[:, None]
    along = np.abs(away[..., 0] * cos + away[..., 1] * sin)
    across = np.abs(away[..., 1] * cos - away[..., 0] * sin)
    half = boxes[:, None, 2:4] / 2 + _NEAR * (1 + np.abs(boxes[:, None, 2:4]))
    return (along <= half[..., 0]) & (across <= half[..., 1])


def _crossings(one, two):
    """Where the edges of the polygons [p, 4, 2] cross: points [p, 16, 2], and bool[p, 16]."""
    start, other = one[:, :, None], two[:, None]
    along = (np.roll(one, -1, axis=1) - one)[:, :, None]
    across = (np.roll(two, -1, axis=1) - two)[:, None]
    turn = _cross(along, across)
    parallel = np.abs(turn) < 1e-12
    turn = np.where(parallel, 1.0, turn)
    here = _cross(other - start, across) / turn
    there = _cross(other - start, along) / turn
    crosses = ~parallel & (here >= 0) & (here <= 1) & (there >= 0) & (there <= 1)
    points = start + here[..., None] * along
    return points.reshape(len(one), 16, 2), crosses.reshape(len(one), 16)


def _cross(first, second):
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
