"""Whether samples look as if they belonged together: crops of one photo, frames of one film.

Samples of few such groups tell of those groups and little of others. Where nobody has said which
belong together, it is guessed. Groups must be apart both in what the inputs look like and in the
source's answers: classes alone are apart in the answers, continuous data in neither. Classes that
look different are apart in both: labels are asked first, and without labels such classes are taken
for groups. It is a guess, so it only keeps a candidate from being called safe: nothing is divided
or rejected by it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from edgeopt.datasets import pixels
from edgeopt.datasets.advice import Advice

MOST = 600  # samples that are looked at
FEWEST = 24  # fewer cannot be told from chance
LEAST_SIZE = 64  # values of a signal: rows of a table are seldom so long
LEAST_VALUES = 8  # different ones; one-hot rows have two

#: Mean silhouettes (Rousseeuw 1987: 1 apart, 0 touching) from which groups are apart: in a view of
#: the inputs, and of the same groups in the answers. By layout, samples that are independent came
#: to 0.2 at most and two classes of digits to 0.42 (0.19 in the answers), frames to 0.45 at least
#: (0.55 in the answers); by colour alone little is certain.
APART = {"colours": (0.2, 0.25), "layout": (0.43, 0.2)}

#: Of the samples of a class, the share in one group from which groups do not divide classes.
UNDIVIDED = 0.9

_BINS = 4  # levels of each colour
_SIDE = 14  # cells along each axis that a layout is looked at in
_SHIFT = 2  # cells that a frame may have moved


def groups_of(
    inputs: Mapping[str, np.ndarray], answers: np.ndarray, labels: np.ndarray | None = None
) -> np.ndarray | None:
    """The group that each sample seems to be of, int[n]; None where they seem independent.

    Where groups do not divide the classes that labels tell, the class explains the likeness: only
    what is alike within a class counts.

    Args:
        inputs: input -> [n, ...]. answers: [n, ...] of the source. labels: [n, ...] or None.
    """
    signals = [array for array in inputs.values() if _is_signal(array)]
    if len(answers) > MOST or not signals or answers[0].size < 2 or answers.dtype.kind != "f":
        return None
    found = _found(signals, answers)
    classes = _classes(labels, len(answers))
    if found is None or classes is None or not _explained(found, classes):
        return found
    return _within(signals, answers, classes)


def _found(signals: list[np.ndarray], answers: np.ndarray) -> np.ndarray | None:
    n, found = len(answers), None
    if n < FEWEST:
        return None
    told = _distances(_standardized(answers.reshape(n, -1)))
    for view, seen in (("colours", _by_colours(signals)), ("layout", _by_layout(signals))):
        groups = None if seen is None or told is None else _apart(seen, told, *APART[view])
        if groups is not None and (found is None or groups.max() > found.max()):
            found = groups  # of two guesses the one that withholds less
    return found


def _classes(labels: np.ndarray | None, n: int) -> np.ndarray | None:
    """int[n] where labels are classes that occur three times and more; None elsewhere."""
    if labels is None or labels.size != n or labels.dtype.kind not in "biuUS":
        return None
    names, classes = np.unique(labels.reshape(-1), return_inverse=True)
    return classes.reshape(-1) if 2 <= len(names) <= n / 3 else None


def _explained(groups: np.ndarray, classes: np.ndarray) -> bool:
    """Whether nearly all samples of a class are of one group."""
    table = np.zeros((classes.max() + 1, groups.max() + 1))
    np.add.at(table, (classes, groups), 1)
    return float(table.max(axis=1).sum()) >= UNDIVIDED * len(groups)


def _within(
    signals: list[np.ndarray], answers: np.ndarray, classes: np.ndarray
) -> np.ndarray | None:
    """The groups of each class; samples of a class without any are each their own."""
    groups, count, any_found = np.zeros(len(classes), np.intp), 0, False
    for number in range(int(classes.max()) + 1):
        rows = np.flatnonzero(classes == number)
        found = _found([array[rows] for array in signals], answers[rows])
        any_found |= found is not None
        groups[rows] = count + (np.arange(len(rows)) if found is None else found)
        count = int(groups.max()) + 1
    return groups if any_found else None


def advice(found: np.ndarray) -> Advice:
    """What is said of samples that seem to be of few groups."""
    return Advice(
        f"These {len(found)} samples look like {int(found.max()) + 1} groups",
        "They tell little of others: give groups, a name or number for each sample (docs/data.md).",
    )


def _is_signal(array: np.ndarray) -> bool:
    """Whether an input's values can look alike: no row of a table, no ids, no one-hot rows."""
    if array[0].size < LEAST_SIZE or not (array.dtype.kind == "f" or array.dtype == np.uint8):
        return False
    return len(np.unique(array[:8])) > LEAST_VALUES


def _by_colours(signals: list[np.ndarray]) -> np.ndarray | None:
    """[n, n] distances by the colours that occur, wherever: crops of one photo share them.

    Only of colour images: levels of grey are few, and those of a digit say how thick its pen was.
    """
    colours = [_levels(array) for array in signals if len(_planes(np.asarray(array[:1]))) == 3]
    return _distances(np.concatenate(colours, axis=1)) if colours else None


def _by_layout(signals: list[np.ndarray]) -> np.ndarray | None:
    """[n, n] distances by what is where, as far as small shifts go: frames of one film."""
    total = sum(_shifted(pixels.encoded(array, _cells)) for array in signals)
    return _by_median(np.sqrt(total))


def _cells(array: np.ndarray) -> np.ndarray:
    """[n, planes, ...] of means over cells."""
    return np.stack(_thinned(_planes(array)), axis=1)


def _shifted(sample: np.ndarray) -> np.ndarray:
    """[n, n] squared distances of [n, planes, ...], the least over shifts by up to two places."""
    centred = sample - sample.mean(axis=tuple(range(1, sample.ndim)), keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=tuple(range(1, sample.ndim)), keepdims=True))
    unit = centred / np.maximum(length, 1e-9)
    flat = unit.reshape(len(unit), -1)
    axes = tuple(range(2, min(unit.ndim, 4)))
    likest = np.full((len(unit), len(unit)), -np.inf)
    for shift in itertools.product(range(-_SHIFT, _SHIFT + 1), repeat=len(axes)):
        moved = np.roll(unit, shift, axes).reshape(len(unit), -1)
        np.maximum(likest, flat @ moved.T, out=likest)
    np.fill_diagonal(likest, 1.0)
    squared: np.ndarray = np.maximum(2 - 2 * likest, 0.0)
    return squared


def _planes(array: np.ndarray) -> list[np.ndarray]:
    """Channels, float32 [n, ...] each: an axis of up to 4 values beside longer ones."""
    sample = array.reshape(len(array), *(d for d in array.shape[1:] if d > 1))
    sample = sample.astype(np.float32, copy=False)
    if sample.ndim > 2 and sample.shape[1] <= 4:
        return list(np.moveaxis(sample, 1, 0))
    if sample.ndim > 2 and sample.shape[-1] <= 4:
        return list(np.moveaxis(sample, -1, 0))
    return [sample]


def _thinned(planes: list[np.ndarray]) -> list[np.ndarray]:
    """Means over cells, so many along an axis that small shifts stay within a few of them."""
    thin = planes
    for axis, size in enumerate(planes[0].shape[1:], 1):
        cell = max(1, size // _SIDE)
        cuts = np.arange(0, size - size % cell, cell)
        thin = [np.add.reduceat(plane, cuts, axis=axis) for plane in thin]
    return thin


def _levels(array: np.ndarray) -> np.ndarray:
    """Roots of the shares of places by their level in three planes together (for Hellinger's)."""
    between = np.linspace(0, 1, _BINS + 1)[1:-1]
    some = np.moveaxis(pixels.encoded(array, _some), 1, 0)
    edges = [np.unique(np.quantile(plane, between)) for plane in some]

    def codes(block: np.ndarray) -> np.ndarray:
        code = np.zeros((1, 1), np.intp)
        for plane, own in zip(_planes(block), edges, strict=True):
            values = plane.reshape(len(plane), -1)
            code = code * (len(own) + 1) + np.searchsorted(own, values)
        return code.astype(np.uint8)  # `_BINS` levels of three planes: 64

    code = pixels.encoded(array, codes)
    count = int(code.max()) + 1
    shares = np.stack([np.bincount(row, minlength=count) for row in code]) / code.shape[1]
    roots: np.ndarray = np.sqrt(shares)
    return roots


def _some(array: np.ndarray) -> np.ndarray:
    """[n, planes, some hundred values] of [n, ...]."""
    flat = [plane.reshape(len(plane), -1) for plane in _planes(array)]
    return np.stack([values[:, :: max(1, values.shape[1] // 500)] for values in flat], axis=1)


def _standardized(answers: np.ndarray) -> np.ndarray:
    """Columns of one spread, rows of one length: what is answered, not how surely."""
    columns = answers.astype(np.float64) - answers.mean(axis=0)
    columns /= np.maximum(columns.std(axis=0), 1e-9)
    rows: np.ndarray = columns / np.maximum(np.linalg.norm(columns, axis=1, keepdims=True), 1e-9)
    return rows


def _distances(rows: np.ndarray) -> np.ndarray | None:
    """[n, n] Euclidean distances, as `_by_median`."""
    from scipy.spatial.distance import pdist, squareform

    return _by_median(squareform(pdist(rows)))


def _by_median(distances: np.ndarray) -> np.ndarray | None:
    """[n, n] in units of the median; None where most are equal, and nothing is near."""
    middle = float(np.median(distances[np.triu_indices(len(distances), 1)]))
    if not np.isfinite(middle) or middle <= 0:
        return None
    return distances / middle


def _apart(
    seen: np.ndarray, told: np.ndarray, least: float, least_told: float
) -> np.ndarray | None:
    """The division into groups that is apart in both; the one that is most so."""
    from scipy.cluster.hierarchy import average, fcluster
    from scipy.spatial.distance import squareform

    best, found = 0.0, None
    for together in (seen, np.hypot(seen, told)):
        tree = average(squareform(together, checks=False))
        for count in _counts(len(seen)):
            groups = np.unique(fcluster(tree, count, "maxclust"), return_inverse=True)[1]
            inputs, answers = silhouette(seen, groups), silhouette(told, groups)
            if inputs >= least and answers >= least_told and inputs + answers > best:
                best, found = inputs + answers, groups
    return found


def _counts(n: int) -> list[int]:
    """Numbers of groups that are tried: of three samples each at least."""
    return [k for k in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 60, 100) if 3 * k <= n]


def silhouette(distances: np.ndarray, groups: np.ndarray) -> float:
    """Mean silhouette of a division: how much nearer the own group is than the next one.

    Args:
        distances: [n, n]. groups: int[n], 0..k-1. A group of one counts 0.
    """
    sizes = np.bincount(groups)
    if len(sizes) < 2:
        return 0.0
    rows = np.arange(len(groups))
    sums = distances @ np.eye(len(sizes))[groups]
    own = sums[rows, groups] / np.maximum(sizes[groups] - 1, 1)
    means = sums / sizes
    means[rows, groups] = np.inf
    other = means.min(axis=1)
    each = (other - own) / np.maximum(np.maximum(own, other), 1e-12)
    return float(np.where(sizes[groups] > 1, each, 0.0).mean())
