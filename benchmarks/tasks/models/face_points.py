"""MediaPipe's face landmarks (468 points) on crops of one portrait, judged by agreement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.demo.packages import folder
from benchmarks.tasks.models import prepared
from benchmarks.tasks.models.prepared import Held, Prepared
from edgeopt.datasets.annotations import coco, truths, upright
from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.decoding.preparation import Preparation
from edgeopt.tasks.pose import Pose

SIZE = (192, 192)
POINTS = 468
SAID = "way=stretch,mean=0,scale=0.00392156863,layout=nhwc"
WAY = Preparation("stretch", SIZE, scale=(1 / 255,) * 3, layout="nhwc")
#: part -> (crops, the seed).
PARTS = {"val": (400, 1), "test": (1000, 2)}
#: The face of scikit-image's astronaut: its middle and the side of a square around it, in pixels.
MIDDLE, SIDE = (224, 112), 170
NAMES = tuple(f"p{number}" for number in range(POINTS))


def prepare(place: Path) -> Prepared:
    """face-points/val.json and test.json with their crops, `face_landmark.tflite`.

    Input [1, 192, 192, 3] in 0..1, outputs [1, 1, 1, 1404] (x, y, z of each point, in pixels) and
    [1, 1, 1, 1] (whether it is a face). The float model's own points are the truth.
    """
    model = folder("mediapipe") / "mediapipe" / "modules" / "face_landmark" / "face_landmark.tflite"
    data = place / "face-points"
    one = Prepared(
        model=model, data=data / "val.json", confirm=data / "test.json",
        options=("--task", "pose", "--head", "points", "--images", str(data),
                 "--preprocess", SAID),
        measures=("pck",), held=lambda: _held(data), preparation=WAY, facts={"agreement": True},
    )  # fmt: skip
    for part in PARTS:
        _write(data, part, one)
    return one


def _held(data: Path) -> Held:
    there = coco.read(data / "test.json", data)
    pixels, placements = prepared.images(there, WAY)
    return Held({"input_1": pixels}, placements, truths.poses(there), Pose("points", SIZE, NAMES))


def _write(data: Path, part: str, one: Prepared) -> None:
    """Turned, scaled, tinted crops as JPEGs, and the model's answers to them as COCO's file."""
    file = data / f"{part}.json"
    if file.exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    files = [data / f"{part}-{number:04}.jpg" for number in range(PARTS[part][0])]
    rng = np.random.default_rng(PARTS[part][1])
    photo = Image.open(folder("scikit-image") / "skimage" / "data" / "astronaut.png").convert("RGB")
    for path in files:
        _crop(photo, rng).save(path, quality=92)
    pixels, placements = prepared.images(Annotated(tuple(files), upright.sizes_of(files)), WAY)
    poses = Pose("points", SIZE, NAMES).answers(
        prepared.outputs(one, {"input_1": pixels}), placements
    )
    file.write_text(json.dumps(_coco(files, [pose.points[0] for pose in poses])), "utf-8")


def _crop(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A square around the face: within 12 degrees, 0.8 to 1.3 of its side, off by a twelfth."""
    turned = photo.rotate(
        float(rng.uniform(-12, 12)), Image.Resampling.BILINEAR, center=MIDDLE
    )  # fmt: skip
    side = SIDE * rng.uniform(0.8, 1.3)
    x, y = np.array(MIDDLE) + rng.uniform(-SIDE / 12, SIDE / 12, 2)
    box = tuple(round(v) for v in (x - side / 2, y - side / 2, x + side / 2, y + side / 2))
    pixels = np.asarray(turned.crop(box), np.float64)
    pixels = pixels * rng.uniform(0.6, 1.2, 3) + rng.uniform(-25, 25)
    pixels += rng.normal(0, rng.uniform(0, 6), pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))


def _coco(files: list[Path], points: list[np.ndarray]) -> dict[str, Any]:
    images, found = [], []
    for number, (path, place) in enumerate(zip(files, points, strict=True), 1):
        width, height = Image.open(path).size
        images.append({"id": number, "file_name": path.name, "width": width, "height": height})
        low, high = place[:, :2].min(axis=0), place[:, :2].max(axis=0)
        found.append({
            "id": number, "image_id": number, "category_id": 1, "iscrowd": 0,
            "bbox": [*low.tolist(), *(high - low).tolist()],
            "area": float(np.prod(high - low)), "num_keypoints": POINTS,
            "keypoints": np.c_[place[:, :2], np.full(POINTS, 2)].ravel().round(3).tolist(),
        })  # fmt: skip
    face = {"id": 1, "name": "face", "keypoints": list(NAMES)}
    return {"images": images, "annotations": found, "categories": [face]}
