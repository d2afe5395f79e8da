"""A folder of images by class (`folder/CLASS/*.jpg`), with a stated preprocessing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.datasets.advice import did_you_mean, quoted
from edgeopt.datasets.image_files import SUFFIXES, found_in
from edgeopt.datasets.pillow import image_module
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    from PIL.Image import Image

LAYOUTS = ("nchw", "nhwc")
EXAMPLE = "size=256,crop=224,mean=127,scale=0.0078125,layout=nchw"
#: Pixels of a side, and of a whole image once it is resized: more than any camera's.
MAX_SIDE, MAX_PIXELS = 16_384, 400_000_000
MAX_NUMBER = 1e6
_FIELDS = ("size", "crop", "mean", "scale", "layout")


@dataclass(frozen=True)
class Preprocessing:
    """From a photo to the model's input: value = (pixel - mean) * scale, RGB, 0..255 before.

    Attributes:
        size: the short side after resizing (bicubic), pixels.
        crop: side of the centre square that is kept, pixels.
        mean, scale: for red, green, blue.
        layout: "nchw" gives [n, 3, crop, crop], "nhwc" [n, crop, crop, 3].
    """

    size: int
    crop: int
    mean: tuple[float, float, float]
    scale: tuple[float, float, float]
    layout: str = "nchw"

    def __post_init__(self) -> None:
        if self.size > MAX_SIDE:
            raise _bad(f"size must be at most {MAX_SIDE:,}, but got {str(self.size)[:20]}")
        if not 1 <= self.crop <= self.size:
            raise _bad(f"1 <= crop <= size must hold, but got crop={self.crop}, size={self.size}")
        if not np.all(np.isfinite((*self.mean, *self.scale))):
            raise _bad(f"mean and scale must be finite, but got {self.mean} and {self.scale}")
        if max(map(abs, (*self.mean, *self.scale))) > MAX_NUMBER:
            raise _bad(f"mean and scale must be at most {MAX_NUMBER:g}")
        if 0 in self.scale:
            raise _bad("a scale of 0 makes all images equal")
        if self.layout not in LAYOUTS:
            raise _bad(f"layout must be nchw or nhwc, but got '{self.layout}'")

    @classmethod
    def parse(cls, text: str) -> Preprocessing:
        """From `EXAMPLE`'s form; mean and scale are one number or three, as in mean=124/116/104.

        `crop` is the same as `size` where it is left out, `layout` nchw.

        Raises:
            BadInput: a field is unknown, missing, twice there or no number.
        """
        fields = _parse_fields(text)
        size = _parse_pixels(fields, "size")
        return cls(
            size=size,
            crop=_parse_pixels(fields, "crop") if "crop" in fields else size,
            mean=_parse_channels(fields, "mean"),
            scale=_parse_channels(fields, "scale"),
            layout=fields.get("layout", "nchw"),
        )

    def __str__(self) -> str:
        mean, scale = ("/".join(f"{v:.9g}" for v in three) for three in (self.mean, self.scale))
        return f"size={self.size},crop={self.crop},mean={mean},scale={scale},layout={self.layout}"

    def apply(self, image: Image) -> np.ndarray:
        """float32[3, crop, crop] or [crop, crop, 3]. An EXIF orientation is not applied.

        Sizes are rounded as in torchvision's Resize and CenterCrop.
        """
        from PIL.Image import Resampling

        image = _rgb(image)
        short = min(image.size)
        width, height = (self.size * side // short for side in image.size)
        if width * height > MAX_PIXELS:
            raise ValueError(f"it becomes {width} x {height} pixels")
        image = image.resize((width, height), Resampling.BICUBIC)
        left, top = round((width - self.crop) / 2), round((height - self.crop) / 2)
        pixels = np.asarray(image.crop((left, top, left + self.crop, top + self.crop)), np.float32)
        values = (pixels - np.array(self.mean, np.float32)) * np.array(self.scale, np.float32)
        return values.transpose(2, 0, 1) if self.layout == "nchw" else values


def load_image_folder(folder: Path, input_name: str, preprocessing: Preprocessing) -> Samples:
    """The images below `folder`, for the input `input_name`.

    Class folders named by integers give these as labels, others are numbered 0..k-1 in
    sorted order. A folder that holds its images directly has no labels.

    Raises:
        BadInput: no images, an image that cannot be read, or images beside class folders; more
            than this machine's memory holds.
        NotInstalled: Pillow is missing.
    """
    paths, labels = found_in(folder)
    if not paths:
        raise BadInput(f"{folder}: no images", f"Looked for {' '.join(SUFFIXES)} in class folders.")
    _require_memory(folder, len(paths), preprocessing)
    images = np.stack([_applied(preprocessing, path) for path in paths])
    told = None if labels is None else np.array(labels, np.int64)
    return Samples({input_name: images}, told, None, str(folder))


def _require_memory(folder: Path, count: int, preprocessing: Preprocessing) -> None:
    need = count * 3 * preprocessing.crop**2 * 4
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need > have:
        raise BadInput(
            f"{folder}: {count} images of {preprocessing.crop} x {preprocessing.crop} are "
            f"{need / 1e9:.1f} GB, and this machine has {have / 1e9:.1f} GB of memory",
            "Give fewer images, or smaller ones: --preprocess size=...",
        )


def _applied(preprocessing: Preprocessing, path: Path) -> np.ndarray:
    """One image, prepared."""
    try:
        return preprocessing.apply(_open(path))
    except (OSError, ValueError, MemoryError) as error:
        raise BadInput(
            f"{path}: cannot be prepared as RGB: {error}", "Save it as 8-bit RGB."
        ) from error


def _open(path: Path) -> Image:
    """The decoded image."""
    reader = image_module()
    try:
        with reader.open(path) as image:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError, reader.DecompressionBombError) as error:
        raise BadInput(f"{path}: cannot be read as an image: {error}") from error
    except Exception as error:  # a decoder that trips over a damaged file
        raise BadInput(
            f"{path}: cannot be read as an image: {type(error).__name__}", "Save it again."
        ) from error


#: Modes of Pillow for 16 bits a pixel: it would clip them to 255.
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
#: Modes of numbers whose white nobody knows.
_ANY_RANGE = {"I": "32-bit integers", "F": "floats"}


def _rgb(image: Image) -> Image:
    """The image with three channels of 0..255; 65535 becomes 255.

    Raises:
        ValueError: its values have no known range, or its colours cannot be converted.
    """
    if image.mode in _ANY_RANGE:
        raise ValueError(f"its pixels are {_ANY_RANGE[image.mode]}, whose white is not known")
    if image.mode in _SIXTEEN_BITS:
        from PIL.Image import fromarray

        values = np.asarray(image).astype(np.float32) / 257
        image = fromarray(np.round(values).astype(np.uint8))
    return image.convert("RGB")


def _bad(problem: str) -> BadInput:
    return BadInput(f"preprocessing: {problem}", f"An example: {EXAMPLE}")


def _parse_fields(text: str) -> dict[str, str]:
    """key -> value of "key=value,key=value"."""
    fields: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise _bad(f"expected key=value, but got '{part}'")
        if key not in _FIELDS:
            near = did_you_mean(key, _FIELDS)
            raise _bad(f"unknown field '{key}' (there are {quoted(_FIELDS)}){near}")
        if key in fields:
            raise _bad(f"'{key}' is given twice")
        fields[key] = value
    return fields


def _parse_pixels(fields: Mapping[str, str], key: str) -> int:
    try:
        return int(_required(fields, key))
    except ValueError as error:
        raise _bad(f"{key} must be a whole number, but got '{fields[key][:60]}'") from error


def _parse_channels(fields: Mapping[str, str], key: str) -> tuple[float, float, float]:
    """Three numbers from "127" or "124/116/104"."""
    try:
        values = [float(word) for word in _required(fields, key).split("/")]
    except ValueError as error:
        raise _bad(f"{key} must be a number, but got '{fields[key]}'") from error
    if len(values) == 1:
        values *= 3
    if len(values) != 3:
        raise _bad(f"{key} must be one number or three, but got {len(values)}")
    red, green, blue = values
    return (red, green, blue)


def _required(fields: Mapping[str, str], key: str) -> str:
    if key not in fields:
        raise _bad(f"'{key}' is missing")
    return fields[key]
