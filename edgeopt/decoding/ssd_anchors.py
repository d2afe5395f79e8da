"""ON THE DEVICE AND HOST. The boxes that SSD's and BlazeFace's heads start from, in shares."""

from __future__ import annotations

import numpy as np

#: Of BlazeFace's models for inputs of 128, 256 and 192: (stride, anchors a cell) each.
BLAZE = (((8, 2), (16, 6)), ((16, 2), (32, 6)), ((4, 1),))


def ssd(size, strides=(16, 32, 64, 128, 256, 512), smallest=0.2, largest=0.95):
    """[a, 4] of x, y of the centre, width, height: the six layers of TensorFlow's SSD MobileNets.

    `create_ssd_anchors` of its object detection API with the settings of its published models: 1917
    for an input of 300, 2034 for 320.
    """
    scales = [*np.linspace(smallest, largest, len(strides)), 1.0]
    found = []
    for layer, (stride, (scale, following)) in enumerate(zip(strides, zip(scales, scales[1:]))):
        shapes = [(scale, ratio) for ratio in (1.0, 2.0, 0.5, 3.0, 0.3333)]
        shapes.append(((scale * following) ** 0.5, 1.0))
        if layer == 0:
            shapes = [(0.1, 1.0), (scale, 2.0), (scale, 0.5)]
        sides = [(scale * ratio**0.5, scale / ratio**0.5) for scale, ratio in shapes]
        found.append(_at_cells(size, stride, np.array(sides)))
    return np.concatenate(found)


def blaze(size, count):
    """[a, 4]: MediaPipe's, of width and height 1; None where it has none of this number."""
    for layout in BLAZE:
        parts = [_at_cells(size, stride, np.ones((each, 2))) for stride, each in layout]
        found = np.concatenate(parts)
        if len(found) == count:
            return found
    return None


def _at_cells(size, stride, sides):
    """Anchors of these sides [k, 2] in the middle of each cell, cell by cell."""
    rows, columns = -(-size[0] // stride), -(-size[1] // stride)
    y, x = np.mgrid[:rows, :columns]
    center = (np.stack([x, y], -1).reshape(-1, 1, 2) + 0.5) / (columns, rows)
    center = np.broadcast_to(center, (rows * columns, len(sides), 2))
    return np.concatenate([center, np.broadcast_to(sides, center.shape)], axis=2).reshape(-1, 4)
