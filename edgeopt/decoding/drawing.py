"""ON THE DEVICE AND HOST. Answers drawn on the image that they are of, by Pillow."""

from __future__ import annotations

import colorsys

import numpy as np

from edgeopt.decoding import rotated as turned
from edgeopt.decoding.detections import Detections

PACKAGES = ("PIL",)

#: Lines between key points, by how many there are: COCO's person.
LIMBS = {
    17: (
        (0, 1), (0, 2), (1, 3), (2, 4), (5, 6), (5, 7), (7, 9), (6, 8), (8, 10), (5, 11), (6, 12),
        (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
    ),
}  # fmt: skip
#: A key point below it is not drawn. The part of a mask's colour in its pixels.
SURE, SHARE = 0.25, 0.45
_FAR = 1e5  # what lies farther out than any image: Pillow's integers end
_WIDEST = 200  # letters of a line of text
#: Fonts of the system with more letters than ASCII, which is all that Pillow's own has.
_FONTS = (
    "NotoSansCJK-Regular.ttc", "DroidSansFallbackFull.ttf", "wqy-zenhei.ttc", "Arial Unicode.ttf",
    "msyh.ttc", "DejaVuSans.ttf",
)  # fmt: skip


def draw(image, answer, names=()):
    """A copy of an image, an answer to it drawn on it.

    Args:
        image: of Pillow, upright, of any mode.
        answer: `Detections` in the image's pixels (boxes, rotated boxes, masks, key points); a
            class map int[height, width] (0 stays as it is); key points float[m, k, 3]; polygons
            as a list of [p, 2]; a text, which goes below the image; or an image of Pillow, which
            is what is given back.
        names: of the classes; a class beyond them is shown by its number.

    Returns:
        An RGB image: of the same size, but for a text.

    Raises:
        TypeError: it is no such answer.
    """
    if isinstance(answer, str):
        return _lettered(image.convert("RGB"), answer)
    if hasattr(answer, "convert"):
        return answer.convert("RGB")
    if isinstance(answer, Detections):
        return _detections(image.convert("RGB"), answer, names)
    if isinstance(answer, list):
        return _polygons(image.convert("RGB"), answer)
    form = np.ndim(answer), np.asarray(answer).dtype.kind
    if form in ((2, "i"), (2, "u"), (2, "b")):
        return _class_map(image.convert("RGB"), np.asarray(answer).astype(np.int64), names)
    if form == (3, "f"):
        return _poses(image.convert("RGB"), np.asarray(answer))
    raise TypeError("an answer of {} dimensions of type {!r} cannot be drawn".format(*form))


def color(number):
    """(red, green, blue) 0..255 of a class; neighbours are far apart."""
    hue = (number * 0.618034 + 0.02) % 1
    light = (0.5, 0.62, 0.4)[number // 8 % 3]
    return tuple(round(255 * part) for part in colorsys.hls_to_rgb(hue, light, 0.9))


def title(number, names):
    """The name of a class, else its number."""
    return str(names[number]) if 0 <= number < len(names) else str(number)


def _label_of(number, names):
    """A title as long as a label: Pillow has no text of a million letters."""
    return title(number, names)[:_WIDEST]


def _detections(image, found, names):
    order = np.argsort(found.scores, kind="stable")  # the surest lie on top
    if found.masks is not None:
        image = _masked(image, [(found.masks[i], color(int(found.classes[i]))) for i in order])
    pen = _pen(image)
    boxes = _outlines(found)
    for i in order:
        _closed(pen, boxes[i], color(int(found.classes[i])))
    if found.keypoints is not None:
        for figure in found.keypoints[order]:
            _figure(pen, figure)
    for i in order:
        said = f"{_label_of(int(found.classes[i]), names)} {found.scores[i]:.2f}"
        _label(pen, boxes[i].min(axis=0), said, color(int(found.classes[i])))
    return image


def _outlines(found):
    """float64[m, 4, 2]: the corners of each, in order around it."""
    if found.rotated is not None:
        return turned.corners(np.asarray(found.rotated, np.float64).reshape(-1, 5))
    x1, y1, x2, y2 = np.asarray(found.boxes, np.float64).reshape(-1, 4).T
    return np.stack([x1, y1, x2, y1, x2, y2, x1, y2], axis=1).reshape(-1, 4, 2)


def _poses(image, figures):
    pen = _pen(image)
    for figure in figures:
        _figure(pen, figure)
    return image


def _figure(pen, points):
    """One figure [k, 2 or 3], its limbs below its points."""
    sure = points[:, 2] >= SURE if points.shape[1] > 2 else np.ones(len(points), bool)
    width = _width(pen)
    for number, (start, end) in enumerate(LIMBS.get(len(points), ())):
        if sure[start] and sure[end]:
            ends = [*_near(points[start, :2]), *_near(points[end, :2])]
            pen.line(ends, fill=color(number), width=width)
    for number in np.flatnonzero(sure):
        x, y = _near(points[number, :2])
        reach = width + 1
        pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=color(int(number)))


def _polygons(image, polygons):
    pen = _pen(image)
    for points in polygons:
        _closed(pen, np.asarray(points, np.float64), color(0))
    return image


def _class_map(image, numbers, names):
    there = [int(number) for number in np.unique(numbers) if number > 0]
    image = _masked(image, [(numbers == number, color(number)) for number in there])
    pen = _pen(image)
    down = 0
    for number in there:  # below each other, what does not fit is cut off
        down += _label(pen, (0, down), _label_of(number, names), color(number), above=False)
    return image


def _masked(image, masks):
    """The image with the pixels of each (mask, colour) in that colour, in part."""
    from PIL import Image

    pixels = np.asarray(image, np.float32).copy()
    for mask, shade in masks:
        if mask.shape != pixels.shape[:2]:
            sizes = [f"{one[1]} x {one[0]}" for one in (mask.shape, pixels.shape)]
            raise TypeError("a mask of {} on an image of {}".format(*sizes))
        pixels[mask] += SHARE * (np.array(shade, np.float32) - pixels[mask])
    return Image.fromarray(np.round(pixels).astype(np.uint8))


def _pen(image):
    from PIL import ImageDraw

    return ImageDraw.Draw(image)


def _width(pen):
    """Of a line, in pixels."""
    return max(1, round(max(pen.im.size) / 320))


def _near(point):
    return [float(np.clip(np.nan_to_num(value), -_FAR, _FAR)) for value in point]


def _closed(pen, corners, shade):
    points = [tuple(_near(corner)) for corner in [*corners, corners[0]]]
    pen.line(points, fill=shade, width=_width(pen), joint="curve")


def _label(pen, corner, text, shade, above=True):
    """A text on its colour, above a corner where there is room. Returns its height."""
    font = _font(max(10, round(max(pen.im.size) / 48)), text)
    said = _sayable(text, font)
    left, top, right, bottom = pen.textbbox((0, 0), said, font=font)
    wide, high = right - left + 4, bottom - top + 4
    x, y = _near(corner)
    x = min(max(x, 0), max(pen.im.size[0] - wide, 0))
    y = min(max(y - high * above, 0), max(pen.im.size[1] - high, 0) if above else y)
    pen.rectangle([x, y, x + wide, y + high], fill=shade)
    ink = (0, 0, 0) if np.dot(shade, (0.3, 0.6, 0.1)) > 120 else (255, 255, 255)
    pen.text((x + 2 - left, y + 2 - top), said, fill=ink, font=font)
    return high + 1


def _lettered(image, text):
    """A text below the image, the smaller the longer it is."""
    from PIL import Image

    lines = [line[:_WIDEST] for line in text.splitlines()] or [""]
    width, height = image.size
    fits = round(1.7 * width / max(map(len, [*lines, "-"])))
    font = _font(max(10, min(round(width / 12), 28, fits)), text)
    lines = [_sayable(line, font) for line in lines]
    boxes = [_pen(image).textbbox((0, 0), line, font=font) for line in lines]
    high = max(max(box[3] for box in boxes), 8) + 4
    found = Image.new("RGB", (width, height + high * len(lines) + 4), (255, 255, 255))
    found.paste(image, (0, 0))
    pen = _pen(found)
    for number, line in enumerate(lines):
        pen.text((4, height + 2 + number * high), line, fill=(0, 0, 0), font=font)
    return found


def _font(size, text):
    from PIL import ImageFont

    for name in () if text.isascii() else _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except (OSError, ImportError):  # it is not there, or Pillow has no FreeType
            pass
    try:
        return ImageFont.load_default(size)
    except TypeError:  # before Pillow 10.1 it has one size
        return ImageFont.load_default()


def _sayable(text, font):
    """The text as far as the font has letters: Pillow's small one ends at Latin-1."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    if type(font).__name__ == "FreeTypeFont":
        return shown
    return shown.encode("latin-1", "replace").decode("latin-1")
