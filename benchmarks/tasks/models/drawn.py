"""Text drawn with the fonts of a package, with exact places."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.demo.packages import folder

FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-Bold",
    "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol",
    "STIXGeneralItalic",
)  # fmt: skip


@functools.cache
def _font(number: int, size: int) -> ImageFont.FreeTypeFont:
    place = folder("matplotlib") / "matplotlib" / "mpl-data" / "fonts" / "ttf"
    return ImageFont.truetype(str(place / f"{FONTS[number % len(FONTS)]}.ttf"), size)


def ink(text: str, number: int, size: int, degrees: float = 0) -> np.ndarray:
    """float32[h, w] between 0 and 1 without an empty edge: a text in one of `FONTS`, turned."""
    font = _font(number, size)
    left, top, right, bottom = font.getbbox(text)
    edge = size // 2
    canvas = Image.new("L", (int(right - left) + 2 * edge, int(bottom - top) + 2 * edge))
    ImageDraw.Draw(canvas).text((edge - left, edge - top), text, 255, font)
    if degrees:
        canvas = canvas.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
    found = np.asarray(canvas, np.float32) / 255
    rows, columns = (np.flatnonzero(found.max(axis) > 0.25) for axis in (1, 0))
    return found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
