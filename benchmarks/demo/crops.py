"""Crops of photos for EfficientNet-Lite0, as `edgeopt --data benchmarks.demo.crops:choose`.

The three parts are crops of different photos, so that nothing is judged on a photo that
calibrated or chose. There are 20 labelled photos in all: too few to tell one point of
accuracy, so the demo's metric is agreement with the fp32 source, without labels.
"""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image

from benchmarks.demo.packages import folder

SIZE = 224


@functools.cache
def photos() -> list[tuple[str, Image.Image]]:
    """All photos, by name: 20 of ImageNet and 7 that come with scientific packages."""
    from sklearn.datasets import load_sample_images

    found = []
    for path in sorted((folder("foolbox") / "foolbox" / "data").glob("imagenet_*.jpg")):
        found.append((path.stem, Image.open(path).convert("RGB")))
    samples = load_sample_images()
    for name, image in zip(("china", "flower"), samples.images, strict=True):
        found.append((name, Image.fromarray(image)))
    data = folder("scikit-image") / "skimage" / "data"
    for name in ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg"):
        found.append((name, Image.open(data / name).convert("RGB")))
    return found


def calibrate() -> dict[str, np.ndarray]:
    """96 crops of 8 photos."""
    return _crops(photos()[19:27], 12, seed=1)


def choose() -> dict[str, np.ndarray]:
    """200 crops of 10 photos."""
    return _crops(photos()[0:10], 20, seed=2)


def confirm() -> dict[str, np.ndarray]:
    """504 crops of 9 photos."""
    return _crops(photos()[10:19], 56, seed=3)


def _crops(chosen: list[tuple[str, Image.Image]], each: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    images, groups = [], []
    for number, (_, photo) in enumerate(chosen):
        for _ in range(each):
            images.append(_crop(photo, rng))
            groups.append(number)
    # The network's own preprocessing: (pixel - 127) / 128, RGB, NCHW.
    pixels = (np.stack(images).astype(np.float32) - 127) / 128
    return {
        "inputs": np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)),
        "groups": np.array(groups),
    }


def _crop(photo: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """A random part of 35 to 100 % of the photo's area, at times mirrored, at 224 x 224."""
    area = photo.width * photo.height * rng.uniform(0.35, 1.0)
    aspect = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
    width = min(round(float(np.sqrt(area * aspect))), photo.width)
    height = min(round(float(np.sqrt(area / aspect))), photo.height)
    left = int(rng.integers(0, photo.width - width + 1))
    top = int(rng.integers(0, photo.height - height + 1))
    box = (left, top, left + width, top + height)
    crop = photo.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=box)
    if rng.random() < 0.5:
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(crop)
