"""Poses: average precision by object key point similarity (OKS), and the share of right points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.tasks.contributions import Floats
from edgeopt.tasks.matching import OVERLAPS, SIZES, Matches

#: COCO's seventeen points, nose to ankles: how far each may be off (cocoapi, `kpt_oks_sigmas`).
COCO_SIGMAS = np.array(
    [26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89], np.float64
) / 1000  # fmt: skip
#: COCO looks at so many poses of an image, and at no small ones: their points are not marked.
MOST_POSES = 20
POSE_SIZES = ("all", "medium", "large")


@dataclass(frozen=True)
class Poses:
    """The m poses of one image, marked or answered.

    Attributes:
        points: [m, p, 3], x, y in pixels of the image, and 0 (not marked), 1, 2; an answer's third
            value is not looked at.
        boxes: [m, 4], x1 y1 x2 y2, and areas: [m], square pixels; of an answer around its points
            (`answered`).
        crowd: bool[m]. scores: [m], of answers.
    """

    points: Floats
    boxes: Floats
    areas: Floats
    crowd: np.ndarray
    scores: Floats

    def take(self, rows: np.ndarray) -> Poses:
        """Some of the poses, bool[m]."""
        columns = (self.points, self.boxes, self.areas, self.crowd, self.scores)
        return Poses(*(column[rows] for column in columns))


def marked(points: np.ndarray, boxes: np.ndarray, areas: np.ndarray, crowd: np.ndarray) -> Poses:
    """What a person marked in one image."""
    return Poses(points, boxes, areas, crowd, np.ones(len(points)))


def answered(points: np.ndarray, scores: np.ndarray) -> Poses:
    """What a model found in one image; its size is that of the box around the points."""
    places = points[..., :2].reshape(len(points), -1, 2).astype(np.float64)
    boxes = np.concatenate([places.min(axis=1), places.max(axis=1)], axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return Poses(points, boxes, areas, np.zeros(len(points), bool), np.asarray(scores, np.float64))


def similarity(found: Poses, wanted: Poses, sigmas: Floats) -> Floats:
    """OKS [answers, truths], within 0..1, as cocoapi's `computeOks`.

    Of a truth without a marked point it is how far the answer lies outside its box, made twice as
    large: such a truth is not counted, but takes answers that are about it.
    """
    points = wanted.points.shape[1] if len(wanted.points) else len(sigmas)
    if points != len(sigmas) or (len(found.points) and found.points.shape[1] != points):
        raise BadInput(
            f"the labels have {points} key points, the model's poses "
            f"{found.points.shape[1] if len(found.points) else len(sigmas)}, and there are "
            f"{len(sigmas)} tolerances.",
            "Give labels with the model's points, in its order.",
        )
    table = np.zeros((len(found.points), len(wanted.points)))
    variances = (2 * sigmas) ** 2
    for j, (truth, box, area) in enumerate(
        zip(wanted.points, wanted.boxes, wanted.areas, strict=True)
    ):
        seen = truth[:, 2] > 0
        off = found.points[:, :, :2] - truth[:, :2]
        if not seen.any():
            side = box[2:] - box[:2]
            low, high = box[:2] - side, box[2:] + side
            places = found.points[:, :, :2]
            off = np.maximum(0, low - places) + np.maximum(0, places - high)
        error = (off**2).sum(axis=2) / variances / (area + np.spacing(1)) / 2
        table[:, j] = np.exp(-error[:, seen if seen.any() else slice(None)]).mean(axis=1)
    return table


def match(
    truths: Sequence[Poses],
    answers: Sequence[Poses],
    sigmas: Floats = COCO_SIGMAS,
    name: str = "person",
) -> Matches:
    """Which poses of n images find which marked ones, at COCO's ten similarities and three sizes.

    `average_precision` of it is OKS-AP. The rules are those of `matching.match`; a pose without a
    marked point does not count.

    Raises:
        BadInput: poses have another number of points than there are tolerances.
    """
    images = [_image(a, t, sigmas) for a, t in zip(answers, truths, strict=True)]
    counts = [len(one.scores) for one in images]
    scores = np.concatenate([np.zeros(0), *(one.scores for one in images)])
    order = np.argsort(-scores, kind="stable")
    image = np.repeat(np.arange(len(images)), counts)
    objects = np.repeat(np.arange(len(images)), [one.counted.shape[1] for one in images])
    return Matches(
        count=len(images),
        names=(name,),
        overlaps=OVERLAPS,
        sizes=POSE_SIZES,
        image=image[order],
        classes=np.zeros(len(order), np.int64),
        scores=scores[order],
        inside=_joined([one.inside for one in images])[:, order],
        hit=_joined([one.hit for one in images])[..., order],
        ignored=_joined([one.ignored for one in images])[..., order],
        object_image=objects,
        object_class=np.zeros(len(objects), np.int64),
        counted=_joined([one.counted for one in images]),
    )


@dataclass(frozen=True)
class _Image:
    """Of one image: scores [d], inside [s, d], hit and ignored [s, t, d], counted [s, m]."""

    scores: Floats
    inside: np.ndarray
    hit: np.ndarray
    ignored: np.ndarray
    counted: np.ndarray


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts, axis=-1)


def _image(found: Poses, wanted: Poses, sigmas: Floats) -> _Image:
    order = np.argsort(-found.scores, kind="stable")[:MOST_POSES]
    scores, alike = found.scores[order], similarity(found, wanted, sigmas)[order]
    limits = np.array([SIZES[size] for size in POSE_SIZES])
    bare = ~(wanted.points[:, :, 2] > 0).any(axis=1)
    left_out = ~_within(wanted.areas, limits) | wanted.crowd | bare
    shape = (len(limits), len(OVERLAPS), len(scores))
    hit, ignored = np.zeros(shape, bool), np.zeros(shape, bool)
    for s, uncounted in enumerate(left_out):
        for t, least in enumerate(OVERLAPS):
            chosen = _chosen(alike, uncounted, wanted.crowd, float(least))
            there = chosen >= 0
            out = np.zeros(len(chosen), bool)
            out[there] = uncounted[chosen[there]]
            hit[s, t], ignored[s, t] = there & ~out, out
    return _Image(scores, _within(found.areas[order], limits), hit, ignored, ~left_out)


def _within(areas: Floats, limits: Floats) -> np.ndarray:
    return np.asarray((areas >= limits[:, :1]) & (areas <= limits[:, 1:]))


def _chosen(alike: Floats, uncounted: np.ndarray, crowd: np.ndarray, least: float) -> np.ndarray:
    """int[d]: the truth that each answer finds, -1 for none; the surest answers choose first.

    What counts is preferred to what does not; of equal ones the last is taken, as COCO does.
    """
    taken = np.zeros(alike.shape[1], bool)
    chosen = np.full(len(alike), -1)
    for i, row in enumerate(alike):
        free = (row >= min(least, 1 - 1e-10)) & (~taken | crowd)
        pool = free & ~uncounted if (free & ~uncounted).any() else free
        if pool.any():
            best = np.flatnonzero(pool & (row == row[pool].max()))[-1]
            chosen[i], taken[best] = best, True
    return chosen


def right_of(
    found: Poses, wanted: Poses, sigmas: Floats, which: slice, reach: float = 0.2
) -> tuple[int, int]:
    """(right, marked) points of one image: of each marked pose, in the answer that is likest it.

    Args:
        which: of the points. reach: in shares of the longer side of the pose's box.

    Raises:
        BadInput: as `similarity`.
    """
    alike = similarity(found, wanted, sigmas)
    right = seen = 0
    for j, (truth, box) in enumerate(zip(wanted.points, wanted.boxes, strict=True)):
        marks = truth[which, 2] > 0
        seen += int(marks.sum())
        if len(found.points):
            answer = found.points[alike[:, j].argmax(), which, :2]
            off = np.linalg.norm(answer - truth[which, :2], axis=1)
            right += int((marks & (off <= reach * (box[2:] - box[:2]).max())).sum())
    return right, seen
