"""ON THE DEVICE AND HOST. A segmenter's output -> the class of each pixel of the image.

Scores are enlarged to the image (bilinear, pixel centres) before the best class is taken: taken
before, edges would be steps of the output's pixels.
"""

from __future__ import annotations

import numpy as np

from edgeopt.decoding.outputs import WrongHead, batchless, probabilities

NAME = "class-map"
#: Words for --head that say of what a map is: "db" of where text is, whose lines are polygons.
MAPS = ("db",)
WANTS = (
    "one output of scores [classes, height, width] or [height, width, classes], or of class "
    "numbers [height, width], of the input's shape or smaller"
)


def decode(outputs, size, placement, threshold=0.5):
    """int16[height, width] of the image: the class of each pixel. Thousands are kept at a time.

    With one plane of scores it is 1 where its probability is above `threshold`, else 0.

    Args:
        outputs: {name: array} of one image. size: (height, width) of the model's input.
        placement: the `Placement` of the image there.

    Raises:
        WrongHead: no output, or more than one, is such a map.
    """
    planes = _read(outputs, size)
    if planes.dtype.kind in "iu":
        return _nearest(planes, size, placement)
    if len(planes) == 1:
        shares = probabilities(planes.astype(np.float64))
        return (_enlarged(shares, size, placement)[0] > threshold).astype(np.int16)
    return _best(planes, size, placement)


def count(outputs, size):
    """How many classes a map of scores has, 2 for one plane; None where it holds class numbers."""
    planes = read(outputs, size)
    return None if planes.dtype.kind in "iu" else max(2, len(planes))


def read(outputs, size):
    """float64[classes, h, w] of scores, or int64[h, w] of class numbers. Raises WrongHead."""
    planes = _read(outputs, size)
    return planes if planes.dtype.kind in "iu" else planes.astype(np.float64)


def _read(outputs, size):
    """The same, scores in the type that they have."""
    maps = [one for one in (_planes(array, size) for array in outputs.values()) if one is not None]
    if len(maps) != 1:
        why = f"{len(maps)} outputs are maps" if maps else "none is a map"
        raise WrongHead(NAME, WANTS, outputs, why)
    if not np.isfinite(maps[0]).all():
        raise WrongHead(NAME, WANTS, outputs, "scores that are not finite")
    return maps[0]


def _planes(array, size):
    array = np.asarray(array)
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.dtype.kind in "iu" and array.size <= size[0] * size[1]:
        flat = array.reshape([d for d in array.shape if d != 1])
        return flat.astype(np.int64) if flat.ndim == 2 and _is_map(flat.shape, size) else None
    if array.ndim == 2 and _is_map(array.shape, size):
        return array[None]
    stack = batchless(array, 3)
    if stack is None:
        return None
    first, last = _is_map(stack.shape[1:], size), _is_map(stack.shape[:2], size)
    if first and (not last or stack.shape[0] <= stack.shape[2]):
        return stack
    return stack.transpose(2, 0, 1) if last else None


def _is_map(shape, size):
    """Whether (h, w) is the input's shape or a smaller one of the same form, but for a pixel."""
    height, width = shape
    if height > size[0] or width > size[1] or min(shape) < 2:
        return False
    return abs(height * size[1] / size[0] - width) <= 1.5


def _places(long, scale, start, side, small):
    """Where the centres of an image's pixels lie in an output's, in its pixels."""
    inside = (np.arange(long) + 0.5) * scale + start
    return inside * small / side - 0.5


def _both(planes, size, placement):
    (height, width), (x, y) = placement.image, placement.scale
    rows = _places(height, y, placement.top, size[0], planes.shape[-2])
    columns = _places(width, x, placement.left, size[1], planes.shape[-1])
    return rows, columns


def _enlarged(planes, size, placement):
    rows, columns = _both(planes, size, placement)
    low, high, part = _between(rows, planes.shape[1])
    tall = planes[:, low]
    if part.any():
        tall = tall * (1 - part)[:, None] + planes[:, high] * part[:, None]
    low, high, part = _between(columns, planes.shape[2])
    wide = tall[:, :, low]
    return wide * (1 - part) + tall[:, :, high] * part if part.any() else wide


#: Scores closer than this share of the largest may change places by rounding alone.
_ROUNDING = 1e-12
#: Where more pixels than this share lie between places of unlike classes, all are enlarged.
_MOST_MIXED = 0.4


def _best(planes, size, placement):
    """int16[height, width], what `_enlarged(planes).argmax(axis=0)` gives, to the pixel.

    Scores between four places are a mean of theirs: where all four have one best class, it is the
    best between them, too. Only the other pixels are computed.
    """
    labels, sure = _labelled(planes)
    rows, columns = _both(planes, size, placement)
    rows, columns = _between(rows, planes.shape[1]), _between(columns, planes.shape[2])
    found = labels[rows[0][:, None], columns[0]]
    if not rows[2].any() and not columns[2].any():
        return found
    upper, lower = labels[:-1], labels[1:]
    one = (upper[:, :-1] == upper[:, 1:]) & (lower[:, :-1] == lower[:, 1:])
    one &= (upper == lower)[:, :-1] & sure[:-1, :-1] & sure[:-1, 1:] & sure[1:, :-1] & sure[1:, 1:]
    mixed = np.nonzero(~one[rows[0][:, None], columns[0]])
    if len(mixed[0]) > _MOST_MIXED * found.size:
        whole = planes.astype(np.float64)
        return _enlarged(whole, size, placement).argmax(axis=0).astype(np.int16)
    found[mixed] = _between_four(planes, rows, columns, mixed).argmax(axis=0)
    return found


def _labelled(planes):
    """(int16[h, w] the best class, the first of equal ones; bool[h, w] by more than rounding)."""
    planes = np.ascontiguousarray(planes)
    best, labels = planes[0].copy(), np.zeros(planes.shape[1:], np.int16)
    second = np.full_like(best, -np.inf)
    for number in range(1, len(planes)):
        plane = planes[number]
        np.maximum(second, np.minimum(best, plane), out=second)
        better = plane > best
        labels[better] = number
        np.maximum(best, plane, out=best)
    with np.errstate(over="ignore"):
        return labels, best - second > _ROUNDING * np.abs(planes).max()


def _between_four(planes, rows, columns, at):
    """float64[classes, m]: the scores of some pixels, by the arithmetic of `_enlarged`."""
    (top, bottom, down), (left, right, along) = (
        [one[places] for one in axis] for axis, places in zip((rows, columns), at)
    )
    sides = []
    for side in (left, right):
        above, below = (planes[:, row, side].astype(np.float64) for row in (top, bottom))
        sides.append(above * (1 - down) + below * down)
    return sides[0] * (1 - along) + sides[1] * along


def _between(places, count):
    places = np.clip(places, 0, count - 1)
    low = np.minimum(places.astype(np.int64), max(count - 2, 0))
    return low, np.minimum(low + 1, count - 1), places - low


def _nearest(numbers, size, placement):
    rows, columns = (
        np.clip(np.round(places), 0, side - 1).astype(np.int64)
        for places, side in zip(_both(numbers, size, placement), numbers.shape)
    )
    return numbers[rows[:, None], columns].astype(np.int16)
