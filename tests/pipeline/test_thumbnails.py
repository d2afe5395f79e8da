"""Thumbnails: of a size to look at, and never of more bytes than they may have."""

import io

import numpy as np
import pytest
from PIL import Image

from edgeopt.pipeline.thumbnails import encoded, resized, size_for


def noise(width, height):
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((4000, 3000), (360, 270)),
        ((300, 360), (300, 360)),
        ((360, 20), (360, 20)),
        ((64, 64), (256, 256)),
        ((150, 100), (300, 200)),
        ((1, 1), (200, 200)),
        ((9000, 2), (360, 1)),
    ],
)
def test_sizes(size, wanted):
    assert size_for(*size) == wanted


@pytest.mark.parametrize("most", [60_000, 9_000, 2_000])
def test_noise_keeps_to_its_bytes(most):
    content, size = encoded(noise(360, 360), most)
    assert len(content) <= most
    assert Image.open(io.BytesIO(content)).size == size


def test_what_cannot_be_smaller_ends():
    content, size = encoded(noise(60, 40), 10)
    assert max(size) <= 48
    assert content


def test_every_mode_becomes_rgb_and_pixels_stay_squares():
    image = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8))
    larger = resized(image, (4, 4))
    assert larger.mode == "RGB"
    assert sorted({int(v) for v in np.asarray(larger).ravel()}) == [0, 255]
    assert resized(image.convert("RGBA"), (1, 1)).size == (1, 1)
