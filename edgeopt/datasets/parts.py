"""The parts of an output whose values are of unlike scale, found from the source's own answers.

One tensor may hold boxes of 0 to 640 and scores of 0 to 1: what is said of the whole is then said
of the boxes alone. Why so and not otherwise: docs/decisions/0031-fidelity-by-slice.md.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.places import masked, reduction, without_masks

#: Slices whose root mean squares are so many times apart are of unlike scale: one int8 scale for
#: both leaves the smaller ones five bits or less.
STEP = 8.0

#: How many times as long one axis of an image may be as the other.
MOST_OBLONG = 2.0

#: Of all elements of a part, the share that may be of the next part's scale.
OVERLAP = 0.05

#: Fewer slices are no places, and scale grows over so many of them, from so small a part of it.
LEAST_PLACES, RAMP = 16, 4

#: Of the output's peak: what stays below is rounding noise of float32 networks.
SILENT = 2.0**-18

#: A peak from which values within 0..1 are taken for shares of 1: those that never reach it are
#: scores of what did not occur, and 8 bits say little of them.
LIKE_SHARES = 2.0**-5

_ONE = 1.001  # sums and peaks of 1 as 16-bit floats give them


@dataclass(frozen=True)
class Part:
    """Slices of one output that are judged together.

    Attributes:
        shape: of the output, with its batch axis. axis: of that shape; None: all of the output.
        slices: numbers along that axis.
    """

    output: str
    shape: tuple[int, ...]
    axis: int | None = None
    slices: tuple[int, ...] = ()

    def of(self, answers: np.ndarray) -> np.ndarray:
        """The part of [n, *shape]."""
        if self.axis is None:
            return answers
        found: np.ndarray = np.take(answers, self.slices, axis=self.axis + 1)
        return found

    def of_slices(self, numbers: Sequence[int], axis: int | None) -> Part:
        """These slices alone; numbers count within the part, along an axis of the output."""
        if axis is None:
            return self
        if self.axis == axis:
            numbers = [self.slices[number] for number in numbers]
        return Part(self.output, self.shape, axis, tuple(int(number) for number in numbers))

    @property
    def words(self) -> str:
        """Where it is: "channels 4 to 83 of output0", or "output0"."""
        if self.axis is None or len(self.slices) == self.shape[self.axis]:
            return self.output
        where = "" if self._channels else f"on axis {self.axis} "
        return f"{self._noun} {_spans(self.slices)} {where}of {self.output}"

    @property
    def _channels(self) -> bool:
        """Whether the axis has a name of its own."""
        return self.axis in (1, len(self.shape) - 1)

    @property
    def _noun(self) -> str:
        assert self.axis is not None
        last = len(self.shape) - 1
        if self.axis == last:
            noun = "column"
        elif self.axis == 1:
            noun = "channel"
        else:
            noun = "place"
        return noun if len(self.slices) == 1 else noun + "s"


def parts(output: str, answers: np.ndarray) -> tuple[Part, ...]:
    """The parts of unlike scale along the axis where they differ most; one of all else.

    Slices that only seldom fire are of like scale: one step of 8 bits does for both.

    Args:
        answers: the source's, [n, *output shape]; what is not finite is left out.
    """
    whole = Part(output, tuple(answers.shape[1:]))
    if answers.dtype.kind != "f":
        return (whole,)
    values = without_masks(answers, answers, masked(answers))
    values /= reduction(values)
    best, found = 1.0, [tuple[int, ...]()]
    along = None
    for axis in unit_axes(answers.shape[1:]):
        if values.shape[axis] < 2 or _shares_one(values, axis):
            continue
        step, clusters = _clusters(values, axis)
        if len(clusters) > 1 and step > best:
            best, found, along = step, clusters, axis - 1
    if along is None:
        return (whole,)
    return tuple(Part(output, whole.shape, along, slices) for slices in found)


def unit_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of [n, *shape] whose slices may be of different kinds: none of an image's two.

    Of three axes and more behind the batch's, the two neighbours most like each other in length
    are rows and columns of places.
    """
    axes = tuple(range(1, len(shape) + 1))
    behind = axes[1:] if shape[:1] == (1,) else axes
    if len(behind) < 3:
        return axes
    pairs = [pair for pair in itertools.pairwise(behind) if min(shape[a - 1] for a in pair) > 1]
    if not pairs:
        return axes
    unlike = [abs(np.log(shape[a - 1] / shape[b - 1])) for a, b in reversed(pairs)]
    if min(unlike) > np.log(MOST_OBLONG):
        return axes
    image = pairs[::-1][int(np.argmin(unlike))]
    return tuple(axis for axis in axes if axis not in image)


def _shares_one(values: np.ndarray, axis: int) -> bool:
    """Whether each row along the axis is at least 0 and sums to 1."""
    with np.errstate(invalid="ignore"):
        if np.nanmin(values, initial=0.0) < -1e-6 or np.nanmax(values, initial=0.0) > _ONE:
            return False
    sums = np.nansum(values, axis=axis)
    return bool(np.mean(np.abs(sums - 1) < 2e-3) > 0.99)


def _clusters(values: np.ndarray, axis: int) -> tuple[float, list[tuple[int, ...]]]:
    """(the largest step between sorted scales of slices, slices of like scale)."""
    rows = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    known = np.isfinite(rows)
    plain = np.where(known, rows, 0.0)
    scale = np.sqrt((plain**2).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    peak = np.abs(plain).max(axis=1)
    voiced = (peak > SILENT * peak.max()) & (scale > 0)
    shares = (plain.min(axis=1) >= 0) & (peak <= _ONE)
    strongest = int(np.argmax(np.where(shares & voiced, peak, -1.0)))
    known_shares = shares[strongest] and peak[strongest] >= LIKE_SHARES
    faint = shares & (peak < LIKE_SHARES) & known_shares
    order = [int(i) for i in np.argsort(scale) if voiced[i] and not faint[i]]
    if len(order) < 2:
        return 1.0, []
    steps = scale[order[1:]] / scale[order[:-1]]
    peaks = np.maximum.accumulate(peak[order])
    apart = (steps >= STEP) & (peaks[:-1] * STEP <= peaks[-1])
    elements = np.sqrt(np.nan_to_num(np.moveaxis(values, axis, 0) ** 2).mean(axis=1))
    elements = elements.reshape(len(scale), -1)
    cuts = [int(i) + 1 for i in np.flatnonzero(apart)]
    cuts = [c for c in cuts if _unlike(elements, order, c) and not _ramps(scale, order[c:])]
    best = max((float(steps[cut - 1]) for cut in cuts), default=1.0)
    cuts = [0, *cuts, len(order)]
    found = [sorted(order[a:b]) for a, b in itertools.pairwise(cuts)]
    if faint.any():
        own = next(one for one in found if strongest in one)
        own[:] = sorted([*own, *(int(i) for i in np.flatnonzero(faint))])
    return best, [tuple(one) for one in sorted(found)]


def _unlike(elements: np.ndarray, order: list[int], cut: int) -> bool:
    """Whether hardly an element of the larger slices is as small as the smaller ones' are.

    A border of a map seldom fires, but neither do other places of it.
    """
    larger = float(np.quantile(elements[order[cut:]], OVERLAP))
    return larger > float(np.quantile(elements[order[:cut]], 1 - OVERLAP))


def _ramps(scale: np.ndarray, larger: list[int]) -> bool:
    """Whether all but the larger slices end an axis along which scale grows from place to place.

    So it is at the border of a map of distances; kinds of values do not grow into each other.
    """
    if len(scale) < LEAST_PLACES or len(larger) != max(larger) - min(larger) + 1:
        return False
    ends = []
    if min(larger) > 0:
        ends.append(scale[min(larger) :][:RAMP])
    if max(larger) < len(scale) - 1:
        ends.append(scale[: max(larger) + 1][::-1][:RAMP])
    typical = float(np.median(scale[larger])) / RAMP
    return all(bool((np.diff(end) > 0).all()) and end[0] <= typical for end in ends)


def _spans(numbers: Sequence[int], most: int = 4) -> str:
    """ "0 to 3", "4", "1, 5, 9 to 12": more than a few are counted."""
    found = list(_runs(sorted(numbers)))
    words = [str(a) if a == b else f"{a} to {b}" for a, b in found[:most]]
    left = sum(b - a + 1 for a, b in found[most:])
    return ", ".join(words) + (f" and {left} more" if left else "")


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
