"""ON THE DEVICE AND HOST. Images as people see them: of a file, a folder or a camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np

PACKAGES = ("PIL", "cv2")

#: What is looked for in a folder.
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
_ORIENTATION = 0x0112
#: EXIF's number -> Pillow's `Transpose` that turns the image upright.
_TURNS = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
#: Modes of Pillow of 16 bits a pixel, which it would clip to 255; and of no known white.
_SIXTEEN_BITS, _ANY_RANGE = ("I;16", "I;16L", "I;16B", "I;16N"), ("I", "F")


class NoImage(ValueError):
    """What cannot be read as an image, and why."""


def files(path):
    """The images of a folder and of those in it, in the order of their names; or the file itself.

    Raises:
        NoImage: there is nothing there, or no image.
    """
    path = Path(path)
    if not path.exists():
        raise NoImage(f"{path}: there is no such file or folder")
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES)
    if not found:
        raise NoImage("{}: no image lies there ({})".format(path, ", ".join(SUFFIXES)))
    return found


def open_image(path):
    """The RGB image of a file, upright: its EXIF orientation is applied; 65535 becomes 255.

    Raises:
        NoImage: it cannot be read.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise NoImage("images need Pillow: pip install pillow") from error
    try:
        with Image.open(path) as image:
            image.load()
            turn = _TURNS.get(_orientation(image))
            upright = image if turn is None else image.transpose(turn)
            return _rgb(upright)
    except Exception as error:  # a decoder that trips over a damaged file raises anything
        raise NoImage(f"{path}: cannot be read as an image: {error}") from error


def _rgb(image):
    if image.mode in _ANY_RANGE:
        raise ValueError(f"its pixels are of mode {image.mode}, whose white is not known")
    if image.mode in _SIXTEEN_BITS:
        from PIL.Image import fromarray

        image = fromarray(np.round(np.asarray(image).astype(np.float32) / 257).astype(np.uint8))
    return image.convert("RGB")


def _orientation(image):
    """EXIF's number. A PNG is not decoded again to look behind its pixels for one."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1
    return image.getexif().get(_ORIENTATION, 1)


def camera(number):
    """RGB images of a camera, by OpenCV, as long as it gives any.

    Raises:
        NoImage: OpenCV is missing, or the camera gives nothing.
    """
    try:
        import cv2
    except ImportError as error:
        raise NoImage("a camera needs OpenCV: pip install opencv-python-headless") from error
    from PIL import Image

    opened = cv2.VideoCapture(number)
    try:
        good, frame = opened.read()
        if not good:
            raise NoImage(f"camera {number} gives no picture")
        while good:
            yield Image.fromarray(frame[..., ::-1].copy())
            good, frame = opened.read()
    finally:
        opened.release()
