"""The YOLOX-like detector of `ddddocr` on rendered scenes of characters."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.demo.crops import photos
from benchmarks.demo.packages import folder
from benchmarks.tasks.models import drawn, prepared
from benchmarks.tasks.models.prepared import Held, Prepared
from benchmarks.tasks.models.scenes import crop, painted
from edgeopt.datasets.annotations import coco, truths
from edgeopt.decoding.preparation import of_head
from edgeopt.tasks.detection import Detection

#: part -> (scenes, the seed). Photos are backgrounds only: the model saw none of them.
PARTS = {"val": (600, 1), "test": (1000, 2)}
#: Wide ones: the model was trained on characters that are nearly square.
LETTERS = "ABCDEGHKMNOPQRSTUVWXYZ23456789"
SIZE, MARGIN = (416, 416), 3


def prepare(place: Path) -> Prepared:
    """characters/instances_val.json and _test.json (one class), `common_det.onnx` (opset 11).

    One raw output [1, 3549, 6], input 416 x 416 in the upper left corner, BGR, 0..255. `test`
    judges.
    """
    model = folder("ddddocr") / "ddddocr" / "common_det.onnx"
    data = place / "characters"
    for part in PARTS:
        _write(data, part)
    way = of_head("yolox", SIZE)
    assert way is not None

    def held() -> Held:
        there = coco.read(data / "instances_test.json", data)
        pixels, placements = prepared.images(there, way)
        task = Detection("yolox", SIZE, ("character",))
        return Held({"images": pixels}, placements, truths.boxes(there), task)

    return Prepared(
        model=model, data=data / "instances_val.json",
        options=("--images", str(data), "--head", "yolox"), measures=("map", "map50"),
        held=held, confirm=data / "instances_test.json", preparation=way,
    )  # fmt: skip


def _write(data: Path, part: str) -> None:
    listing = data / f"instances_{part}.json"
    if listing.exists():
        return
    (data / part).mkdir(parents=True, exist_ok=True)
    count, seed = PARTS[part]
    rng = np.random.default_rng(seed)
    images, annotations = [], []
    for number in range(count):
        canvas, boxes = scene(rng)
        name = f"{part}/{number:04}.jpg"
        Image.fromarray(canvas).save(data / name, quality=92)
        height, width = canvas.shape[:2]
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for left, top, wide, high in boxes:
            annotations.append({
                "id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0,
                "bbox": [left, top, wide, high], "area": wide * high,
            })  # fmt: skip
    file = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": 1, "name": "character"}],
    }
    listing.write_text(json.dumps(file), "utf-8")


def scene(rng: np.random.Generator) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """uint8[h, w, 3], and x, y, width, height of each of two to six characters on it."""
    width, height = int(rng.integers(320, 420)), int(rng.integers(200, 320))
    _, background = photos()[rng.integers(len(photos()))]
    canvas = crop(background, (width, height), rng)
    free, boxes = np.ones((height, width), bool), []
    for _ in range(rng.integers(2, 7)):
        letter = LETTERS[rng.integers(len(LETTERS))]
        size = int(rng.integers(54, 84))
        ink = drawn.ink(letter, int(rng.integers(99)), size, float(rng.uniform(-25, 25)))
        high, wide = ink.shape
        top, left = int(rng.integers(0, height - high)), int(rng.integers(0, width - wide))
        here = np.s_[top : top + high, left : left + wide]
        if not free[max(top - 4, 0) : top + high + 4, max(left - 4, 0) : left + wide + 4].all():
            continue
        canvas[here], free[here] = painted(canvas[here], ink, rng), False
        boxes.append(_around(left, top, wide, high, width))
    return canvas.round().astype(np.uint8), boxes


def _around(left: int, top: int, wide: int, high: int, width: int) -> tuple[int, int, int, int]:
    """With a margin left, right and above, as the model's own training data have it."""
    left_end, right_end = max(left - MARGIN, 0), min(left + wide + MARGIN, width)
    top_end = max(top - MARGIN, 0)
    return left_end, top_end, right_end - left_end, top + high - top_end
