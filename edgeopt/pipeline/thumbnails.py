"""Small JPEGs for a report: large enough to be looked at, of few enough bytes for a page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

#: Pixels of the longer side: of what is drawn on; a smaller image than `LEAST` is enlarged.
LONGEST, LEAST = 360, 200
_QUALITIES = (85, 70, 50, 30)
_SMALLEST = 48


def size_for(width: int, height: int) -> tuple[int, int]:
    """(width, height) of the thumbnail of an image, of the same shape but for rounding.

    A large image is made smaller; a small one is enlarged by a whole number, so that lines and
    letters drawn on it can be seen.
    """
    longest = max(width, height)
    if longest < LEAST:
        times = -(-LEAST // longest)
        return width * times, height * times
    scale = min(1.0, LONGEST / longest)
    return max(1, round(width * scale)), max(1, round(height * scale))


def resized(image: Image, size: tuple[int, int]) -> Image:
    """The RGB image of this (width, height): pixels stay squares where it becomes larger."""
    from PIL.Image import Resampling

    plain = image.convert("RGB")
    if plain.size == size:
        return plain
    larger = size[0] > plain.size[0]
    return plain.resize(size, Resampling.NEAREST if larger else Resampling.LANCZOS)


def encoded(image: Image, most: int) -> tuple[bytes, tuple[int, int]]:
    """A JPEG of at most so many bytes, and its (width, height).

    Quality goes down first, then the size: a page of noise would be three times as large else.
    """
    small = image.convert("RGB")
    while True:
        for quality in _QUALITIES:
            content = _jpeg(small, quality)
            if len(content) <= most:
                return content, small.size
        if max(small.size) <= _SMALLEST:
            return content, small.size
        small = resized(small, tuple(max(1, round(side * 0.75)) for side in small.size))  # type: ignore[arg-type]


def _jpeg(image: Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()
