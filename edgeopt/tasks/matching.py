"""Which detections find which objects, at several overlaps and for several sizes at once.

The rules are those of COCO's evaluation (cocodataset/cocoapi, `evaluateImg`): in each image and
class the surest detection chooses first, the object of the largest overlap that is still free; one
that finds only a crowd, or only an object of another size, counts neither as right nor as wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeopt.tasks.boxed import DetectionSet, GroundTruth
from edgeopt.tasks.contributions import Floats, Integers

#: COCO's ten overlaps (intersection over union), 0.50 to 0.95.
OVERLAPS = np.linspace(0.5, 0.95, 10)
#: COCO's sizes: name -> smallest and largest area in square pixels.
SIZES = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}
MOST_DETECTIONS = 100  # of one class in one image
_CELLS = 4_000_000  # of a step's largest table


@dataclass(frozen=True)
class Matches:
    """What became of d detections, ordered by class and, in a class, by falling score.

    Attributes:
        count: n images. names: K classes. overlaps: [t]. sizes: the s names.
        image, classes, scores: [d].
        inside: bool[s, d], its box is of this size.
        hit: bool[s, t, d], it found an object of this size.
        ignored: bool[s, t, d], it found a crowd or an object of another size.
        object_image, object_class: [m]. counted: bool[s, m], no crowd, and of this size.
    """

    count: int
    names: tuple[str, ...]
    overlaps: Floats
    sizes: tuple[str, ...]
    image: Integers
    classes: Integers
    scores: Floats
    inside: NDArray[np.bool_]
    hit: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    object_image: Integers
    object_class: Integers
    counted: NDArray[np.bool_]


def apart(matches: Matches) -> Matches:
    """The same, where class c of image i is the class i * K + c: each image by itself."""
    classes = len(matches.names)
    label = matches.image * classes + matches.classes
    order = np.argsort(label, kind="stable")
    return replace(
        matches,
        names=matches.names * matches.count,
        image=matches.image[order],
        classes=label[order],
        scores=matches.scores[order],
        inside=matches.inside[:, order],
        hit=matches.hit[:, :, order],
        ignored=matches.ignored[:, :, order],
        object_class=matches.object_image * classes + matches.object_class,
    )


def match(
    truth: GroundTruth,
    detections: DetectionSet,
    overlaps: Floats = OVERLAPS,
    sizes: tuple[str, ...] = tuple(SIZES),
    most: int = MOST_DETECTIONS,
    by_shape: bool = False,
) -> Matches:
    """Match the detections of all images.

    Args:
        by_shape: masks or rotated boxes are compared, and not the boxes around them.

    Detections of classes that the truth has no name for are left out, as COCO does.

    Raises:
        ValueError: truth and detections are of different numbers of images.
    """
    if truth.count != detections.count:
        raise ValueError(f"{truth.count} images have labels, {detections.count} were answered")
    detections = _surest(detections, len(truth.names), most)
    limits = np.array([SIZES[size] for size in sizes])
    outside = ~_within(truth.area, limits)
    edges = _overlapping(truth, detections, float(overlaps.min()), by_shape)
    found = _Found.nothing(len(sizes), len(overlaps), len(detections.scores), len(truth.area))
    _choose(edges, truth.crowd, outside | truth.crowd, overlaps, found)
    order = np.lexsort((-detections.scores, detections.classes))
    return Matches(
        truth.count,
        truth.names,
        overlaps,
        sizes,
        detections.image[order],
        detections.classes[order],
        detections.scores[order],
        _within(_sizes_of(detections, by_shape), limits)[:, order],
        found.hit[:, :, order],
        found.ignored[:, :, order],
        truth.image,
        truth.classes,
        ~(outside | truth.crowd),
    )


def _within(areas: Floats, limits: Floats) -> NDArray[np.bool_]:
    """bool[s, m]: the area lies within the limits [s, 2]."""
    return (areas >= limits[:, :1]) & (areas <= limits[:, 1:])


def _sizes_of(detections: DetectionSet, by_shape: bool) -> Floats:
    if not by_shape:
        return _areas(detections.boxes)
    assert detections.shapes is not None
    return detections.shapes.areas


def _areas(boxes: Floats) -> Floats:
    areas: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def _surest(detections: DetectionSet, classes: int, most: int) -> DetectionSet:
    """At most so many for each image and class, in the order of image, class, falling score."""
    known = np.flatnonzero((detections.classes >= 0) & (detections.classes < classes))
    keys = detections.image[known] * classes + detections.classes[known]
    order = np.lexsort((-detections.scores[known], keys))
    keep = known[order[_rank(keys[order]) < most]]
    return DetectionSet(
        detections.count,
        detections.image[keep],
        detections.boxes[keep],
        detections.classes[keep],
        detections.scores[keep],
        None if detections.shapes is None else detections.shapes.take(keep),
    )


def _rank(keys: Integers) -> Integers:
    """0, 1, 2 ... within each run of equal keys."""
    places = np.arange(len(keys))
    begins = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
    lengths = np.diff(np.append(begins, len(keys)))
    rank: Integers = places - np.repeat(begins, lengths)
    return rank


@dataclass(frozen=True)
class _Edges:
    """Pairs of a detection and an object of its class and image that overlap enough.

    Sorted by detection, and within one by falling place of the object, so that the first of equal
    overlaps is the one that COCO takes.
    """

    detection: Integers
    object: Integers
    overlap: Floats
    keys: Integers  # the image and class of the detection


def _overlapping(
    truth: GroundTruth, detections: DetectionSet, least: float, by_shape: bool
) -> _Edges:
    classes = len(truth.names)
    by_key = np.lexsort((truth.classes, truth.image))
    object_keys = (truth.image * classes + truth.classes)[by_key]
    keys = detections.image * classes + detections.classes
    first = np.searchsorted(object_keys, keys, "left")
    counts = np.searchsorted(object_keys, keys, "right") - first
    detection = np.repeat(np.arange(len(keys)), counts)
    place = _rank(detection)
    place = np.repeat(first + counts - 1, counts) - place
    labelled = by_key[place]
    crowd = truth.crowd[labelled]
    if by_shape:
        if detections.shapes is None or truth.shapes is None:
            raise ValueError("shapes of both the answers and the labels wanted")
        overlap = detections.shapes.overlaps(detection, truth.shapes, labelled, crowd)
    else:
        overlap = _overlaps(detections.boxes[detection], truth.boxes[labelled], crowd)
    near = overlap >= min(least, 1 - 1e-10)
    return _Edges(detection[near], labelled[near], overlap[near], keys[detection[near]])


def _overlaps(boxes: Floats, others: Floats, crowd: NDArray[np.bool_]) -> Floats:
    """Intersection over union row by row; with a crowd, over the detection's own area."""
    corner = np.maximum(boxes[:, :2], others[:, :2])
    sides = np.maximum(np.minimum(boxes[:, 2:], others[:, 2:]) - corner, 0)
    common = sides[:, 0] * sides[:, 1]
    own = _areas(boxes)
    union = np.where(crowd, own, own + _areas(others) - common)
    overlap: Floats = np.divide(common, union, out=np.zeros_like(common), where=common > 0)
    return overlap


@dataclass(frozen=True)
class _Found:
    hit: NDArray[np.bool_]  # [s, t, d]
    ignored: NDArray[np.bool_]  # [s, t, d]
    taken: NDArray[np.bool_]  # [s, t, m]

    @classmethod
    def nothing(cls, sizes: int, overlaps: int, detections: int, objects: int) -> _Found:
        shape = (sizes, overlaps)
        return cls(
            np.zeros((*shape, detections), bool),
            np.zeros((*shape, detections), bool),
            np.zeros((*shape, objects), bool),
        )


def _choose(
    edges: _Edges,
    crowd: NDArray[np.bool_],
    uncounted: NDArray[np.bool_],
    overlaps: Floats,
    found: _Found,
) -> None:
    """Let the detections choose: the surest of every image and class at once, then the next.

    Detections of different images or classes never want the same object.
    """
    if not len(edges.detection):
        return
    begins = np.flatnonzero(np.diff(edges.detection, prepend=-1))
    counts = np.diff(np.append(begins, len(edges.detection)))
    rank = _rank(edges.keys[begins])
    # Of one rank those with few edges first, so that tables of one width waste little.
    order = np.lexsort((counts, rank))
    at_least = np.minimum(overlaps, 1 - 1e-10)
    cells = found.taken.shape[0] * found.taken.shape[1]
    for group in np.split(order, np.flatnonzero(np.diff(rank[order])) + 1):
        for part in _parts(group, counts, cells):
            _step(edges, begins[part], counts[part], crowd, uncounted, at_least, found)


def _parts(group: Integers, counts: Integers, cells: int) -> list[Integers]:
    """The group in parts whose tables stay small; `counts` rise within it."""
    widest = int(counts[group[-1]])
    rows = max(1, _CELLS // (cells * widest))
    return np.array_split(group, -(-len(group) // rows))


def _step(
    edges: _Edges,
    begins: Integers,
    counts: Integers,
    crowd: NDArray[np.bool_],
    uncounted: NDArray[np.bool_],
    at_least: Floats,
    found: _Found,
) -> None:
    """One choice of each of r detections of different images or classes."""
    columns = np.arange(counts.max())
    table = begins[:, None] + np.minimum(columns, counts[:, None] - 1)  # [r, e]
    wanted, overlap = edges.object[table], edges.overlap[table]
    overlap = np.where(columns < counts[:, None], overlap, -1)
    free = ~found.taken[:, :, wanted] | crowd[wanted]  # [s, t, r, e]
    free &= overlap >= at_least[:, None, None]
    # An object that counts is preferred to any that does not.
    merit = np.where(free, overlap + 2.0 * ~uncounted[:, None, wanted], -1)
    best = merit.argmax(axis=3)
    s, t, row = np.nonzero(np.take_along_axis(merit, best[..., None], 3)[..., 0] > 0)
    chosen = wanted[row, best[s, t, row]]
    found.taken[s, t, chosen] = True
    detection = edges.detection[begins[row]]
    ignored = uncounted[s, chosen]
    found.hit[s, t, detection] = ~ignored
    found.ignored[s, t, detection] = ignored
