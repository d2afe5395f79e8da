"""MediaPipe's person segmenter on crops of photos with people, judged by agreement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.demo.packages import folder
from benchmarks.tasks.models.prepared import Prepared, by_agreement
from benchmarks.tasks.models.scenes import crop
from edgeopt.decoding.preparation import Preparation
from edgeopt.sources import mediapipe_tflite
from edgeopt.tasks.segmentation import Segmentation

NAMES = ("nobody", "person")
SIZE = (256, 256)
#: part -> (photos, the seed). People: an astronaut, a man with a camera.
PARTS = {"val": (240, 1), "test": (300, 2)}
PHOTOS = ("astronaut.png", "camera.png")
SAID = "way=stretch,mean=0,scale=0.00392156863,layout=nhwc"
WAY = Preparation("stretch", SIZE, scale=(1 / 255,) * 3, layout="nhwc")


def prepare(place: Path) -> Prepared:
    """people/val and test without masks, `selfie_segmentation.tflite` as MediaPipe 0.10.14 has it.

    Input [1, 256, 256, 3] in 0..1, output [1, 256, 256, 1]. No package has masks of people: the
    float model's own are the truth. `facts["standard"]` is the file in LiteRT's own operators.
    """
    modules = folder("mediapipe") / "mediapipe" / "modules"
    model = modules / "selfie_segmentation" / "selfie_segmentation.tflite"
    standard = mediapipe_tflite.standard(model, place / "selfie_segmentation-standard.tflite")
    data = place / "people"
    for part in PARTS:
        write(data / part, part)
    options = ("--task", "segmentation", "--preprocess", SAID)
    task = Segmentation(SIZE, NAMES, 1)
    return by_agreement(model, data, options, ("miou", "dice"), WAY, "input_1", task, standard)


def write(data: Path, part: str) -> None:
    """Crops of photos with people, tinted, as JPEGs; what is there stays."""
    count, seed = PARTS[part]
    if (data / f"{part}-{count - 1:04}.jpg").exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    source = folder("scikit-image") / "skimage" / "data"
    people = [Image.open(source / name).convert("RGB") for name in PHOTOS]
    rng = np.random.default_rng(seed)
    for number in range(count):
        size = (int(rng.integers(200, 400)), int(rng.integers(200, 400)))
        canvas = crop(people[rng.integers(len(people))], size, rng)
        tint = rng.uniform(0.8, 1.1, 3)
        pixels = (canvas * tint + rng.uniform(-20, 20)).clip(0, 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(data / f"{part}-{number:04}.jpg", quality=92)
