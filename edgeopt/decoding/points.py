"""ON THE DEVICE AND HOST. A pose or landmark model's outputs -> the points of one figure.

heatmaps  [points, h, w] or [h, w, points]: the highest place of each, a quarter of a pixel towards
          its higher neighbour (Xiao, ECCV 2018; HRNet, ViTPose)
simcc     [points, width * k] and [points, height * k]: the best place along each side (RTMPose)
movenet   [1, points, 3]: y, x in shares of the sides, and score
points    [points * c] or [points, c]: x, y first, in pixels or shares
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding.outputs import WrongHead, are_shares, batchless, sigmoid

FORMS = ("heatmaps", "simcc", "movenet", "points")
WANTS = {
    "heatmaps": "one output [points, h, w] or [h, w, points] of the input's form",
    "simcc": "two outputs [points, k * width] and [points, k * height]",
    "movenet": "one output [1, 1, points, 3] of y, x and score within 0..1",
    "points": "one output of as many values for each point, 2 to 5",
}


def certain(outputs, size, points):
    """Which form outputs of one image have; None where none fits, or more than one.

    Args:
        size: (height, width) of the input. points: how many there are.
    """
    fitting = []
    for form in FORMS:
        try:
            decode(outputs, size, points, form)
        except WrongHead:
            continue
        fitting.append(form)
    if fitting == ["movenet", "points"]:
        return "movenet"  # the score behind y and x, and an axis for the one figure
    return fitting[0] if len(fitting) == 1 else None


def decode(outputs, size, points, form):
    """float64[points, 3]: x, y in pixels of the input, and score (1 where the model has none).

    Raises:
        WrongHead: the outputs have another form. ValueError: there is no such form.
    """
    if form not in FORMS:
        raise ValueError(f"{form!r} is none of {', '.join(FORMS)}")
    found = _READERS[form](outputs, size, points)
    if found is None or not np.isfinite(found).all():
        raise WrongHead(form, WANTS[form], outputs)
    return found


def _heatmaps(outputs, size, points):
    stacks = [batchless(array, 3) for array in outputs.values()]
    stacks = [array for array in stacks if array is not None]
    stacks = [_first(array, size, points) for array in stacks]
    stacks = [array for array in stacks if array is not None]
    return _highest(stacks[0].astype(np.float64), size) if len(stacks) == 1 else None


def _first(stack, size, points):
    """Planes before rows and columns; None where these have not the input's form."""
    for planes in (stack, stack.transpose(2, 0, 1)):
        count, height, width = planes.shape
        small = 4 <= height <= size[0] and 4 <= width <= size[1]
        if count == points and small and abs(height * size[1] / size[0] - width) <= 1.5:
            return planes
    return None


def _highest(maps, size):
    count, height, width = maps.shape
    best = maps.reshape(count, -1).argmax(axis=1)
    y, x = np.divmod(best, width)
    number = np.arange(count)
    found = np.stack([x, y, maps[number, y, x]], axis=1).astype(np.float64)
    for i in range(count):
        if 0 < x[i] < width - 1 and 0 < y[i] < height - 1:
            plane = maps[i]
            found[i, 0] += np.sign(plane[y[i], x[i] + 1] - plane[y[i], x[i] - 1]) / 4
            found[i, 1] += np.sign(plane[y[i] + 1, x[i]] - plane[y[i] - 1, x[i]]) / 4
    found[:, 0] *= size[1] / width
    found[:, 1] *= size[0] / height
    return found


def _simcc(outputs, size, points):
    rows = [batchless(array, 2) for array in outputs.values()]
    if len(rows) != 2 or any(one is None or len(one) != points for one in rows):
        return None
    across, down = rows
    if across.shape[1] * size[0] != down.shape[1] * size[1]:
        across, down = down, across
    parts = across.shape[1] / size[1]
    if parts < 1 or parts != down.shape[1] / size[0]:
        return None
    sides = np.stack([across.argmax(axis=1), down.argmax(axis=1)], axis=1) / parts
    score = np.minimum(across.max(axis=1), down.max(axis=1))
    return np.concatenate([sides, score[:, None]], axis=1).astype(np.float64)


def _movenet(outputs, size, points):
    if len(outputs) != 1:
        return None
    array = np.asarray(next(iter(outputs.values())), np.float64)
    if array.ndim < 3 or array.shape[-3:] != (1, points, 3) or array.size != points * 3:
        return None
    y, x, score = array.reshape(points, 3).T
    if not are_shares(array):
        return None
    return np.stack([x * size[1], y * size[0], score], axis=1)


def _points(outputs, size, points):
    fitting = [np.asarray(array, np.float64) for array in outputs.values()]
    fitting = [array for array in fitting if _values(array, points)]
    if len(fitting) != 1:
        return None
    table = fitting[0].reshape(points, -1)
    places = table[:, :2] * ((size[1], size[0]) if are_shares(table[:, :2]) else 1)
    scores = sigmoid(table[:, 3:4]) if table.shape[1] > 3 else np.ones((points, 1))
    return np.concatenate([places, scores], axis=1)


def _values(array, points):
    """Whether an output has 2 to 5 values for each point, and no axis that is neither."""
    each, left = divmod(array.size, points)
    axes = [d for d in array.shape if d != 1]
    return not left and 2 <= each <= 5 and axes in ([points * each], [points, each])


_READERS = {"heatmaps": _heatmaps, "simcc": _simcc, "movenet": _movenet, "points": _points}
