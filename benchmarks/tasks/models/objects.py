"""CenterNet of `@vladmandic/human` on crops of photos, judged by agreement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.demo.crops import photos
from benchmarks.tasks.models import tfjs
from benchmarks.tasks.models.prepared import Prepared, by_agreement
from benchmarks.tasks.models.scenes import crop
from edgeopt.decoding.preparation import Preparation
from edgeopt.tasks.detection import Detection

SIZE, CLASSES = (512, 512), 80
SAID = "way=stretch,mean=0,scale=1,layout=nhwc"
WAY = Preparation("stretch", SIZE, layout="nhwc")
#: Heat of each class, and the distances of four sides; its own decode, the third, is left out.
ENDS = ["tower_0/keypoints:0", "tower_0/wh:0"]
#: part -> (crops, photos, the seed).
PARTS = {"val": (240, slice(0, 14), 1), "test": (300, slice(14, 27), 2)}


def prepare(place: Path) -> Prepared:
    """objects/val and test without boxes, `centernet.tflite`: 80 classes of COCO.

    Input [1, 512, 512, 3] in 0..255. No package has photos with boxes: the float model's own
    detections are the truth.
    """
    model, data = place / "centernet.tflite", place / "objects"
    if not model.exists():
        graph = tfjs.package() / "models" / "centernet.json"
        tfjs.to_litert(graph, ["tower_0/images:0"], ENDS, model)
    for part in PARTS:
        write(data / part, part)
    options = ("--task", "detection", "--head", "centernet", "--preprocess", SAID)
    task = Detection("centernet", SIZE, tuple(map(str, range(CLASSES))))
    return by_agreement(model, data, options, ("map", "map50"), WAY, "tower_0/images", task)


def write(data: Path, part: str) -> None:
    """Crops of photos as JPEGs; what is there stays."""
    count, which, seed = PARTS[part]
    if (data / f"{part}-{count - 1:04}.jpg").exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    pictures, rng = [one for _, one in photos()][which], np.random.default_rng(seed)
    for number in range(count):
        size = (int(rng.integers(300, 500)), int(rng.integers(300, 500)))
        canvas = crop(pictures[rng.integers(len(pictures))], size, rng)
        pixels = canvas.clip(0, 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(data / f"{part}-{number:04}.jpg", quality=92)
