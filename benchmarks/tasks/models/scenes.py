"""Scenes for the trained detector and segmenter: handwritten digits pasted on photos.

Boxes and masks by construction. Photos and digits of the parts are different ones: nothing that
judges has been seen in training. Written as users bring it: Ultralytics' folders with a
`data.yaml`, and a PNG of class numbers an image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks.compression.mnist import digits
from benchmarks.demo.crops import photos

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
#: part -> (scenes, its digits, its photos of the 27, the seed).
PARTS = {
    "train": (4000, slice(0, 3600), range(13), 1),
    "val": (1200, slice(3600, 4200), range(13, 20), 2),
    "test": (1200, slice(4200, 5000), range(20, 27), 3),
}
_INK = 0.5


class Layout(NamedTuple):
    """Of which sizes scenes are; ranges without their ends, as numpy draws integers.

    Attributes:
        sides: pixels. digits: how many a scene. heights: of a digit, shares of the shorter side.
        light: of the photo that is left, a share; below a half, all digits are lighter than it.
    """

    sides: tuple[int, int] = (176, 320)
    digits: tuple[int, int] = (1, 7)
    heights: tuple[float, float] = (0.16, 0.5)
    light: float = 1.0


USUAL = Layout()


class Scene(NamedTuple):
    """An image uint8[h, w, 3], boxes [k, 4] as corners in pixels, their classes, and the mask.

    The mask is uint8[h, w]: 0 is the photo, 1..10 are the digits 0..9.
    """

    image: np.ndarray
    boxes: np.ndarray
    classes: np.ndarray
    mask: np.ndarray


def write(place: Path, layout: Layout = USUAL) -> Path:
    """All parts below `place`, once; gives the path of data.yaml."""
    asked = place / "data.yaml"
    if not asked.exists():
        for part in PARTS:
            for folder in (f"images/{part}", f"labels/{part}", "masks"):
                (place / folder).mkdir(parents=True, exist_ok=True)
            for number, one in enumerate(of_part(part, layout)):
                _write(one, place, part, f"{part}-{number:04}")
        lines = [*(f"{part}: images/{part}" for part in PARTS), f"names: [{', '.join(NAMES)}]"]
        asked.write_text("\n".join(lines) + "\n", "utf-8")
    return asked


def _write(scene: Scene, place: Path, part: str, name: str) -> None:
    Image.fromarray(scene.image).save(place / "images" / part / f"{name}.jpg", quality=92)
    Image.fromarray(scene.mask).save(place / "masks" / f"{name}.png")
    height, width = scene.mask.shape
    corners = scene.boxes / (width, height, width, height)
    boxes = np.hstack([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]])
    lines = [
        f"{kind} {' '.join(f'{n:.6f}' for n in box)}\n"
        for kind, box in zip(scene.classes, boxes, strict=True)
    ]
    (place / "labels" / part / f"{name}.txt").write_text("".join(lines), "utf-8")


def of_part(part: str, layout: Layout = USUAL, count: int = 0) -> Iterator[Scene]:
    """The scenes of one part, one by one; so many, or as many as it has."""
    usual, chosen, pictures, seed = PARTS[part]
    images, labels = (array[chosen] for array in digits())
    backgrounds = [_reduced(photos()[i][1], layout.sides[1]) for i in pictures]
    rng = np.random.default_rng(seed)
    for _ in range(count or usual):
        yield scene(rng, images[:, 0], labels, backgrounds, layout)


def _reduced(photo: Image.Image, side: int) -> Image.Image:
    """A photo of many more pixels than scenes have, which take long to resize, in fewer."""
    return photo.reduce(max(1, min(photo.size) // (4 * side)))


def scene(
    rng: np.random.Generator,
    images: np.ndarray,
    labels: np.ndarray,
    backgrounds: Sequence[Image.Image],
    layout: Layout = USUAL,
) -> Scene:
    """Digits on a crop of a photo, none over another."""
    width, height = (int(n) for n in rng.integers(*layout.sides, 2))
    canvas = crop(backgrounds[rng.integers(len(backgrounds))], (width, height), rng)
    canvas *= np.float32(layout.light)
    mask = np.zeros((height, width), np.uint8)
    boxes, classes = [], []
    for _ in range(rng.integers(*layout.digits)):
        at = int(rng.integers(len(images)))
        ink = _ink(images[at], round(min(width, height) * rng.uniform(*layout.heights)), rng)
        rows, columns = ink.shape
        if rows >= height or columns >= width:
            continue
        top, left = (int(rng.integers(0, n)) for n in (height - rows + 1, width - columns + 1))
        here = np.s_[top : top + rows, left : left + columns]
        if mask[here].any():
            continue
        canvas[here] = painted(canvas[here], ink, rng)
        mask[here][ink > _INK] = labels[at] + 1
        boxes.append((left, top, left + columns, top + rows))
        classes.append(labels[at])
    found = np.array(boxes, np.float64).reshape(-1, 4), np.array(classes, np.int64)
    return Scene(canvas.round().astype(np.uint8), *found, mask)


def crop(photo: Image.Image, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """float32[h, w, 3]: a part of the photo of the scene's shape."""
    width, height = size
    scale = rng.uniform(0.5, 1.0) * min(photo.width / width, photo.height / height)
    left = rng.uniform(0, photo.width - width * scale)
    top = rng.uniform(0, photo.height - height * scale)
    box = (left, top, left + width * scale, top + height * scale)
    crop = photo.resize(size, Image.Resampling.BICUBIC, box=box)
    if rng.random() < 0.5:
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(crop, np.float32) * np.float32(rng.uniform(0.7, 1.0))


def _ink(digit: np.ndarray, height: int, rng: np.random.Generator) -> np.ndarray:
    """float32[h, w] between 0 and 1, without an empty edge: the digit in a size and width."""
    rows, columns = np.flatnonzero(digit.max(1) > 0.3), np.flatnonzero(digit.max(0) > 0.3)
    tight = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = max(6, round(height * tight.shape[1] / tight.shape[0] * rng.uniform(0.8, 1.25)))
    drawn = Image.fromarray((tight * 255).astype(np.uint8))
    return np.asarray(drawn.resize((width, height), Image.Resampling.BICUBIC), np.float32) / 255


def painted(under: np.ndarray, ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The digit in a colour that is lighter or darker than what lies under it."""
    mean = float(under.mean())
    lightness = rng.uniform(mean + 60, 290) if mean < 128 else rng.uniform(-35, mean - 60)
    colour = np.clip(lightness + rng.normal(0, 30, 3), 0, 255)
    share = (ink * rng.uniform(0.85, 1.0))[..., None]
    return under * (1 - share) + colour * share
