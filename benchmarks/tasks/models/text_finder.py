"""The text detector (DB) of `rapidocr-onnxruntime`, PP-OCRv4, on rendered words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.demo.crops import photos
from benchmarks.demo.packages import folder
from benchmarks.tasks.models import drawn, prepared
from benchmarks.tasks.models.prepared import Held, Prepared
from benchmarks.tasks.models.scenes import crop, painted
from benchmarks.tasks.models.text_reader import MODELS
from benchmarks.tasks.models.words import words
from edgeopt.datasets.annotations import masks, truths
from edgeopt.decoding.preparation import Preparation
from edgeopt.tasks.segmentation import Segmentation

NAMES = ("nothing", "text")
#: part -> (scenes, the seed).
PARTS = {"val": (200, 1), "test": (300, 2)}
SIZE = (480, 480)
#: RapidOCR 1.4.4, `config.yaml`: BGR, -1..1.
WAY = Preparation("letterbox", SIZE, (127.5,) * 3, (1 / 127.5,) * 3, order="bgr")
#: DB shrinks a text's outline for its labels (Liao and others 2020, arXiv 1911.08947).
#: Ink is tighter than what people outline: 0.6 of it is 0.4 of theirs.
SHRINK, THRESHOLD = 0.6, 0.3


def prepare(place: Path) -> Prepared:
    """`ch_PP-OCRv4_det_infer.onnx`, words/images and words/masks: 1 is text, as DB's labels are.

    Input [1, 3, 480, 480] of open height and width, output a map of probabilities [1, 1, h, w],
    judged above 0.3. The part `test` judges.
    """
    model = folder("rapidocr-onnxruntime") / MODELS / "ch_PP-OCRv4_det_infer.onnx"
    data = place / "words"
    for part in PARTS:
        _write(data, part)

    def held() -> Held:
        there = masks.read(data / "images/test", data / "masks", NAMES)
        pixels, placements = prepared.images(there, WAY)
        task = Segmentation(SIZE, NAMES, 1, THRESHOLD)
        return Held({"x": pixels}, placements, truths.maps(there, len(NAMES)), task)

    return Prepared(
        model=model, data=data / "images/val",
        options=(
            "--masks", str(data / "masks"), "--shape", "x=1x3x480x480",
            "--preprocess", "way=letterbox,order=bgr,mean=127.5,scale=0.00784313725",
        ),
        measures=("miou", "dice"), held=held, confirm=data / "images/test", preparation=WAY,
        facts={"names": NAMES, "first": 1, "threshold": THRESHOLD},
    )  # fmt: skip


def _write(data: Path, part: str) -> None:
    count, seed = PARTS[part]
    if (data / "masks" / f"{part}-{count - 1:04}.png").exists():
        return
    for folder_name in (f"images/{part}", "masks"):
        (data / folder_name).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for number in range(count):
        image, mask = scene(rng)
        Image.fromarray(image).save(data / "images" / part / f"{part}-{number:04}.jpg", quality=92)
        Image.fromarray(mask).save(data / "masks" / f"{part}-{number:04}.png")


def scene(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """uint8[h, w, 3] with two to eight words, and uint8[h, w]: 1 where text is."""
    width, height = int(rng.integers(320, 480)), int(rng.integers(240, 480))
    _, background = photos()[rng.integers(len(photos()))]
    canvas = crop(background, (width, height), rng)
    free, mask = np.ones((height, width), bool), np.zeros((height, width), np.uint8)
    for _ in range(rng.integers(2, 9)):
        word = words()[rng.integers(len(words()))]
        ink = drawn.ink(word, int(rng.integers(99)), int(rng.integers(20, 56)))
        high, wide = ink.shape
        if high >= height or wide >= width:
            continue
        top, left = int(rng.integers(0, height - high)), int(rng.integers(0, width - wide))
        here = np.s_[top : top + high, left : left + wide]
        if not free[max(top - 8, 0) : top + high + 8, max(left - 8, 0) : left + wide + 8].all():
            continue
        canvas[here], free[here] = painted(canvas[here], ink, rng), False
        off = round(high * wide * (1 - SHRINK**2) / (2 * (high + wide)))
        mask[top + off : top + high - off, left + off : left + wide - off] = 1
    return canvas.round().astype(np.uint8), mask
