"""The same figures by faster-coco-eval, a kept-up form of COCO's own code: what is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeopt.domain.errors import NotInstalled
from edgeopt.tasks.boxed import DetectionSet, GroundTruth
from edgeopt.tasks.contributions import Floats
from edgeopt.tasks.matching import MOST_DETECTIONS, SIZES


def precision(
    truth: GroundTruth, detections: DetectionSet, most: int = MOST_DETECTIONS
) -> tuple[Floats, tuple[str, ...]]:
    """The average precision at ten overlaps, for each class and size.

    Returns:
        [t, K, s], nan where a class has no object of a size; and the names of the s sizes.

    Raises:
        NotInstalled: faster-coco-eval is not there.
    """
    try:
        from faster_coco_eval import COCO, COCOeval_faster
    except ImportError as error:
        found = "mAP by COCO's rules needs faster-coco-eval."
        raise NotInstalled(found, "pip install 'edgeopt[detection]'") from error
    sizes = tuple(SIZES)
    if not len(truth.classes) or not len(detections.scores):
        return _of_nothing(truth), sizes  # the library reads no empty list of results
    labels = COCO(_dataset(truth), print_function=_silent)
    results = labels.loadRes(_results(detections))
    judge = COCOeval_faster(labels, results, "bbox", print_function=_silent)
    judge.params.imgIds = list(range(1, truth.count + 1))
    judge.params.catIds = list(range(1, len(truth.names) + 1))
    judge.params.maxDets = [most]
    judge.params.areaRng = [list(SIZES[size]) for size in sizes]
    judge.params.areaRngLbl = list(sizes)
    judge.evaluate()
    judge.accumulate()
    table = np.array(judge.eval["precision"], np.float64)[..., 0]  # [t, recalls, K, s]
    return np.where(table[:, 0] < 0, np.nan, table.mean(axis=1)), sizes


def _of_nothing(truth: GroundTruth) -> Floats:
    """Of images without a label, or without a detection."""
    limits = np.array(list(SIZES.values()))
    inside = (truth.area[:, None] >= limits[:, 0]) & (truth.area[:, None] <= limits[:, 1])
    inside &= ~truth.crowd[:, None]
    there = np.zeros((len(truth.names), len(limits)), bool)
    np.logical_or.at(there, truth.classes, inside)
    return np.broadcast_to(np.where(there, 0.0, np.nan), (10, *there.shape))


def _dataset(truth: GroundTruth) -> dict[str, Any]:
    return {
        "info": {},
        "images": [{"id": i + 1, "width": 0, "height": 0} for i in range(truth.count)],
        "categories": [{"id": i + 1, "name": name} for i, name in enumerate(truth.names)],
        "annotations": [
            {
                "id": i + 1,
                "image_id": int(truth.image[i]) + 1,
                "category_id": int(truth.classes[i]) + 1,
                "bbox": _sides(truth.boxes[i]),
                "area": float(truth.area[i]),
                "iscrowd": int(truth.crowd[i]),
            }
            for i in range(len(truth.classes))
        ],
    }


def _results(detections: DetectionSet) -> list[dict[str, Any]]:
    return [
        {
            "image_id": int(detections.image[i]) + 1,
            "category_id": int(detections.classes[i]) + 1,
            "bbox": _sides(detections.boxes[i]),
            "score": float(detections.scores[i]),
        }
        for i in range(len(detections.scores))
    ]


def _sides(box: Sequence[float] | Floats) -> list[float]:
    x1, y1, x2, y2 = (float(value) for value in box)
    return [x1, y1, x2 - x1, y2 - y1]


def _silent(*_: object) -> None:
    """The library says what it does by `print`."""
