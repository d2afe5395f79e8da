"""How often intervals of mAP, and of the drop between two detectors, hold the true value.

    python -m benchmarks.tasks.map_coverage [--images 200] [--classes 8 40]

True is the mean over `--truth` draws of as many other images. Three ways: percentiles of a
bootstrap of images, the same moved by its bias (the mean of the resamples less the value), and
half-samples. Writes map_coverage.json.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.stats.bootstrap import paired_bootstrap
from edgeopt.stats.subsampling import half_samples
from edgeopt.tasks.average_precision import AveragePrecision, average_precision
from edgeopt.tasks.boxed import DetectionSet, GroundTruth
from edgeopt.tasks.contributions import difference, statistic
from edgeopt.tasks.matching import match

RESULTS = Path(__file__).with_suffix(".json")
OBJECTS, EXTRA = 3, 8


def draw(
    images: int, classes: int, rng: np.random.Generator
) -> tuple[AveragePrecision, AveragePrecision]:
    """A detector and a worse one, on new images."""
    image = np.repeat(np.arange(images), rng.poisson(OBJECTS, images))
    often = 1 / np.arange(1, classes + 1)
    labels = rng.choice(classes, len(image), p=often / often.sum())
    boxes = _boxes(rng, len(image))
    crowd, names = np.zeros(len(image), bool), tuple(map(str, range(classes)))
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    truth = GroundTruth(images, image, boxes, labels, names, area, crowd)
    seen = rng.random(len(image)) < 0.85
    sides = np.tile(boxes[seen, 2:] - boxes[seen, :2], 2)
    others = rng.integers(images, size=EXTRA * images)
    d_image = np.concatenate([image[seen], others])
    d_class = np.concatenate([labels[seen], rng.choice(classes, len(others))])
    scores = np.concatenate([rng.beta(4, 2, seen.sum()), rng.beta(1, 4, len(others))])
    order = np.argsort(d_image, kind="stable")
    found = []
    for noise in (0.08, 0.1):
        moved = boxes[seen] + rng.normal(size=sides.shape) * noise * sides
        d_boxes = np.concatenate([moved, _boxes(rng, len(others))])
        detections = DetectionSet(
            images, d_image[order], d_boxes[order], d_class[order], scores[order]
        )
        found.append(average_precision(match(truth, detections, sizes=("all",))))
    return found[0], found[1]


def _boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    sides = np.exp(rng.uniform(np.log(16), np.log(200), (count, 2)))
    corner = rng.uniform(0, 400, (count, 2))
    return np.concatenate([corner, corner + sides], axis=1)


def intervals(of: Any, images: int, resamples: int) -> dict[str, tuple[float, float]]:
    """Of one statistic by each way."""
    value = of(np.arange(images))
    drawn = []

    def kept(indices: np.ndarray) -> float:
        drawn.append(of(indices))
        return float(drawn[-1])

    low, high = paired_bootstrap(kept, images, None, resamples)
    bias = float(np.nanmean(drawn)) - value
    return {
        "percentiles": (low, high),
        "percentiles less bias": (low - bias, high - bias),
        "half-samples": half_samples(of, value, images, None, resamples),
    }


def coverage(
    images: int, classes: int, draws: int, truths: int, resamples: int
) -> list[dict[str, Any]]:
    """A row for each way."""
    rng = np.random.default_rng(images + classes)
    pairs = [draw(images, classes, rng) for _ in range(truths)]
    score = float(np.mean([one.value() for one, _ in pairs]))
    drop = float(np.mean([one.value() - two.value() for one, two in pairs]))
    rows: dict[str, list[list[float]]] = {}
    for _ in range(draws):
        one, two = draw(images, classes, rng)
        of_score = intervals(statistic(one), images, resamples)
        of_drop = intervals(difference(one, two), images, resamples)
        for way in of_score:
            (low, high), (d_low, d_high) = of_score[way], of_drop[way]
            rows.setdefault(way, []).append(
                [low <= score <= high, high - low, d_low <= drop <= d_high, d_high - d_low]
            )
    found = []
    for way, held in rows.items():
        mean = np.mean(held, axis=0).tolist()
        found.append({
            "images": images, "classes": classes, "way": way,
            "map": round(score, 4), "drop": round(drop, 4),
            "score_held": round(100 * mean[0], 1), "score_width": round(mean[1], 4),
            "drop_held": round(100 * mean[2], 1), "drop_width": round(mean[3], 4),
            "draws": draws, "resamples": resamples,
        })  # fmt: skip
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, nargs="+", default=[200])
    parser.add_argument("--classes", type=int, nargs="+", default=[8, 40])
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--truth", type=int, default=300)
    parser.add_argument("--resamples", type=int, default=100)
    call = parser.parse_args()
    found = []
    for images, classes in itertools.product(call.images, call.classes):
        found += coverage(images, classes, call.draws, call.truth, call.resamples)
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        for row in found[-3:]:
            print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
