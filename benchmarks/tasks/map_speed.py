"""How long mAP and its interval take, answers given: 5,000 images, 80 classes, 500 half-samples.

    python -m benchmarks.tasks.map_speed [--images 5000] [--resamples 500]

Objects and detections are as many as in COCO's validation: 7.3 objects an image, some classes a
hundred times as frequent as others, 100 detections an image of which most are wrong. Writes
map_speed.json: seconds of wall clock and of processor for the matching, the value, the interval, a
paired drop's, the classes' and the sizes' intervals, a candidate's slices, how far two models'
answers to each image lie apart, and the same value by faster-coco-eval. A minute on two cores is
the limit for matching, value and interval together.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.datasets.task_slices import SourceSlices
from edgeopt.stats.subsampling import half_samples
from edgeopt.tasks import coco
from edgeopt.tasks.alone import distances
from edgeopt.tasks.boxed import DetectionSet, GroundTruth
from edgeopt.tasks.contributions import difference, statistic
from edgeopt.tasks.detection import MEASURES, Detection, JudgedDetections
from edgeopt.tasks.matching import match
from edgeopt.tasks.resampling import intervals

RESULTS = Path(__file__).with_suffix(".json")
CLASSES, OBJECTS, DETECTIONS = 80, 7.3, 100
LIMIT_S = 60.0


def data(images: int, seed: int = 0) -> tuple[GroundTruth, DetectionSet]:
    """Labels, and a detector that finds most objects roughly, and much that is not there."""
    rng = np.random.default_rng(seed)
    often = 1 / np.arange(1, CLASSES + 1)
    often /= often.sum()
    image = np.repeat(np.arange(images), rng.poisson(OBJECTS, images))
    boxes, labels = _boxes(rng, len(image)), rng.choice(CLASSES, len(image), p=often)
    crowd = rng.random(len(image)) < 0.01
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    names = tuple(f"class {i}" for i in range(CLASSES))
    truth = GroundTruth(images, image, boxes, labels, names, area, crowd)
    copies = rng.integers(0, 4, len(image))
    sides = np.repeat(boxes[:, 2:] - boxes[:, :2], copies, axis=0)
    moved = np.repeat(boxes, copies, axis=0) + rng.normal(size=(copies.sum(), 4)) * 0.1 * np.tile(
        sides, 2
    )
    others = np.repeat(np.arange(images), np.maximum(0, DETECTIONS - rng.poisson(11, images)))
    d_image = np.concatenate([np.repeat(image, copies), others])
    d_class = np.concatenate([np.repeat(labels, copies), rng.choice(CLASSES, len(others), p=often)])
    score = np.concatenate([rng.beta(3, 2, copies.sum()), rng.beta(0.5, 6, len(others))])
    d_boxes = np.concatenate([moved, _boxes(rng, len(others))])
    order = np.argsort(d_image, kind="stable")
    found = DetectionSet(images, d_image[order], d_boxes[order], d_class[order], score[order])
    return truth, found


def _boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    sides = np.exp(rng.uniform(np.log(8), np.log(400), (count, 2)))
    corner = rng.uniform(0, 1, (count, 2)) * np.maximum(640 - sides, 1)
    return np.concatenate([corner, corner + sides], axis=1)


def timed(of: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What a call gives, and its seconds of wall clock and of processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    value = of()
    return value, {
        "wall_s": round(time.perf_counter() - wall, 2),
        "cpu_s": round(time.process_time() - cpu, 2),
    }


def measured(images: int, resamples: int) -> dict[str, Any]:
    """All figures of one run."""
    truth, found = data(images)
    rng = np.random.default_rng(1)
    scores = found.scores * rng.uniform(0.9, 1, len(found.scores))
    worse = DetectionSet(images, found.image, found.boxes, found.classes, scores)
    _, matching = timed(lambda: match(truth, found))
    judged, other = JudgedDetections(found, truth), JudgedDetections(worse, truth)
    value, valued = timed(lambda: judged.contributions("map").value())
    one, two = judged.contributions("map"), other.contributions("map")
    ends, interval = timed(lambda: half_samples(statistic(one), value, images, None, resamples))
    between = value - two.value()
    lost, drop = timed(lambda: half_samples(difference(one, two), between, images, None, resamples))
    slices = judged.slices("map")
    classes = timed(lambda: intervals(slices["class"], draws=resamples))[1]
    sizes = timed(lambda: intervals(slices["size"], draws=resamples))[1]
    source = SourceSlices(judged, MEASURES[0])
    first, further = (timed(lambda: source.beside(other, "choose", 0.01))[1] for _ in range(2))
    _, apart = timed(lambda: distances(Detection("yolo", (640, 640), truth.names), found, worse,
                                       MEASURES[0]))  # fmt: skip
    (theirs, _), library = timed(lambda: coco.precision(truth, found))
    together = {key: matching[key] + valued[key] + interval[key] for key in matching}
    return {
        "images": images, "classes": CLASSES, "objects": len(truth.classes),
        "detections": len(found.scores), "resamples": resamples, "map": value,
        "interval": ends, "drop": between, "drop_interval": lost,
        "map_by_library": float(np.nanmean(theirs[:, :, 0])),
        "seconds": {
            "matching (4 sizes, 10 overlaps)": matching, "value": valued, "interval": interval,
            "matching, value and interval": together, "paired drop's interval": drop,
            "classes' intervals": classes, "sizes' intervals": sizes, "library's value": library,
            "slices by class and size, the first candidate": first,
            "slices by class and size, a further one": further,
            "how far apart each image's answers are": apart,
        },
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "processors": os.cpu_count(), "load": os.getloadavg()[0], "numpy": np.__version__,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--resamples", type=int, default=500)
    call = parser.parse_args()
    found = measured(call.images, call.resamples)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(RESULTS.read_text("utf-8"))
    equal = abs(found["map"] - found["map_by_library"]) < 1e-6
    within = found["seconds"]["matching, value and interval"]["cpu_s"] < LIMIT_S
    return 0 if equal and within else 1


if __name__ == "__main__":
    sys.exit(main())
