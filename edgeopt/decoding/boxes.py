"""ON THE DEVICE AND HOST. Boxes in their formats, and how much two of them overlap, with numpy."""

from __future__ import annotations

import numpy as np


def from_centers(boxes):
    """[..., 4] of x, y of the centre, width, height -> x1 y1 x2 y2."""
    half = boxes[..., 2:4] / 2
    return np.concatenate([boxes[..., :2] - half, boxes[..., :2] + half], axis=-1)


def from_corner_and_sides(boxes):
    """[..., 4] of x1, y1, width, height (COCO) -> x1 y1 x2 y2."""
    return np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:4]], axis=-1)


def from_distances(points, distances):
    """Points [..., 2] and distances [..., 4] to left, top, right, bottom -> x1 y1 x2 y2."""
    return np.concatenate([points - distances[..., :2], points + distances[..., 2:4]], axis=-1)


def to_centers(boxes):
    """[..., 4] of x1 y1 x2 y2 -> x, y of the centre, width, height."""
    sides = boxes[..., 2:4] - boxes[..., :2]
    return np.concatenate([boxes[..., :2] + sides / 2, sides], axis=-1)


def swapped(boxes):
    """[..., 4] of y1 x1 y2 x2 (TensorFlow) -> x1 y1 x2 y2, or back."""
    return boxes[..., [1, 0, 3, 2]]


def scaled(boxes, size):
    """[..., 4] in shares of the input -> pixels. size: (height, width)."""
    height, width = size
    return boxes * np.array([width, height, width, height], np.float64)


def areas(boxes):
    """[...], of x1 y1 x2 y2; 0 where a box is turned inside out."""
    sides = np.maximum(boxes[..., 2:4] - boxes[..., :2], 0)
    return sides[..., 0] * sides[..., 1]


def iou(boxes, others):
    """[n, m]: intersection over union of [n, 4] and [m, 4]; 0 where both are empty."""
    corner = np.maximum(boxes[:, None, :2], others[None, :, :2])
    sides = np.maximum(np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - corner, 0)
    common = sides[..., 0] * sides[..., 1]
    union = areas(boxes)[:, None] + areas(others)[None, :] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)
