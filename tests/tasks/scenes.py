"""Random labels and detections with all that is rare: crowds, ties, empty images and classes."""

from __future__ import annotations

import numpy as np

from edgeopt.tasks.boxed import DetectionSet, GroundTruth


def scene(
    seed: int,
    count: int = 12,
    classes: int = 5,
    objects: int = 4,
    extra: int = 6,
    ties: bool = True,
) -> tuple[GroundTruth, DetectionSet]:
    """Corners are quarters of pixels, so that no conversion of boxes rounds; overlaps tie, too."""
    rng = np.random.default_rng(seed)
    image = np.sort(rng.integers(count, size=count * objects))
    image = image[image % 5 != 3]  # images without objects
    n = len(image)
    boxes = _boxes(rng, n)
    labels = rng.integers(max(1, classes - 1), size=n)  # the last class has no objects
    crowd = rng.random(n) < 0.1
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    area = np.where(rng.random(n) < 0.5, area, np.round(area * 0.6))  # as of masks
    names = tuple(f"class {i}" for i in range(classes))
    truth = GroundTruth(count, image, boxes, labels, names, area, crowd)

    copies = rng.integers(0, 4, n)
    moved = np.repeat(boxes, copies, axis=0)
    moved = moved + np.round(4 * rng.normal(size=moved.shape) * 1.5) / 4
    moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
    others = rng.integers(count, size=count * extra)
    d_image = np.concatenate([np.repeat(image, copies), others])
    d_boxes = np.concatenate([moved, _boxes(rng, len(others))])
    d_class = np.concatenate([np.repeat(labels, copies), rng.integers(classes, size=len(others))])
    wrong = rng.random(len(d_class)) < 0.1
    d_class[wrong] = rng.integers(classes, size=wrong.sum())
    scores = rng.random(len(d_class))
    if ties:
        scores = np.round(scores, 1)
    order = np.argsort(d_image, kind="stable")
    found = DetectionSet(count, d_image[order], d_boxes[order], d_class[order], scores[order])
    return truth, found


def repeated(truth: GroundTruth, found: DetectionSet, times: np.ndarray):
    """The data in which image i stands times[i] times."""
    source = np.repeat(np.arange(truth.count), times)
    rows = [np.flatnonzero(truth.image == i) for i in source]
    own = [np.flatnonzero(found.image == i) for i in source]
    image, d_image = (
        np.repeat(np.arange(len(source)), [len(part) for part in parts]) for parts in (rows, own)
    )
    picked, answered = np.concatenate(rows), np.concatenate(own)
    return (
        GroundTruth(
            len(source), image, truth.boxes[picked], truth.classes[picked], truth.names,
            truth.area[picked], truth.crowd[picked],
        ),
        DetectionSet(
            len(source), d_image, found.boxes[answered], found.classes[answered],
            found.scores[answered],
        ),
    )  # fmt: skip


def _boxes(rng: np.random.Generator, n: int) -> np.ndarray:
    corner = np.round(4 * rng.uniform(0, 200, (n, 2))) / 4
    side = np.round(4 * np.exp(rng.uniform(np.log(6), np.log(180), (n, 2)))) / 4
    return np.concatenate([corner, corner + side], axis=1)
