"""A folder of images by class (`folder/CLASS/*.jpg`), with a stated preprocessing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.datasets.advice import did_you_mean, quoted
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput, NotInstalled

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".ppm", ".tif", ".tiff", ".webp")
LAYOUTS = ("nchw", "nhwc")
EXAMPLE = "size=256,crop=224,mean=127,scale=0.0078125,layout=nchw"
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
        if not 1 <= self.crop <= self.size:
            raise _bad(f"1 <= crop <= size must hold, but got crop={self.crop}, size={self.size}")
        if not np.all(np.isfinite((*self.mean, *self.scale))):
            raise _bad(f"mean and scale must be finite, but got {self.mean} and {self.scale}")
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

        image = image.convert("RGB")
        short = min(image.size)
        width, height = (self.size * side // short for side in image.size)
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
        BadInput: no images, an image that cannot be read, or images beside class folders.
        NotInstalled: Pillow is missing.
    """
    classes = _class_folders(folder)
    loose = _images_in(folder)
    if classes and loose:
        raise BadInput(
            f"{folder}: holds images ('{loose[0].name}') and class folders ('{classes[0].name}')",
            "Put every image in the folder of its class, or all of them directly in one folder.",
        )
    labelled = [
        (path, label)
        for label, class_folder in _labels_of(classes)
        for path in _images_in(class_folder)
    ]
    paths = loose or [path for path, _ in labelled]
    if not paths:
        raise BadInput(f"{folder}: no images", f"Looked for {' '.join(SUFFIXES)} in class folders.")
    images = np.stack([preprocessing.apply(_open(path)) for path in paths])
    labels = None if loose else np.array([label for _, label in labelled], np.int64)
    return Samples({input_name: images}, labels, None, str(folder))


def _class_folders(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))
    )


def _images_in(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )


def _labels_of(classes: list[Path]) -> list[tuple[int, Path]]:
    """(label, class folder) for each class."""
    if all(folder.name.isascii() and folder.name.isdecimal() for folder in classes):
        return [(int(folder.name), folder) for folder in classes]
    return list(enumerate(classes))


def _open(path: Path) -> Image:
    """The decoded image."""
    try:
        from PIL import Image
    except ImportError as error:
        raise NotInstalled(
            "reading images needs Pillow, which is not installed",
            "pip install 'edgeopt[images]'",
        ) from error
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInput(f"{path}: cannot be read as an image: {error}") from error


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
        raise _bad(f"{key} must be a whole number, but got '{fields[key]}'") from error


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
