"""A folder of images by class (`folder/CLASS/*.jpg`), with a stated preprocessing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.datasets import image_memory
from edgeopt.datasets.annotations import upright
from edgeopt.datasets.classified_images import classified
from edgeopt.datasets.image_files import SUFFIXES, found_in
from edgeopt.datasets.pixels import Pixels
from edgeopt.datasets.preprocess_text import Form
from edgeopt.datasets.samples import Samples
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    from PIL.Image import Image

LAYOUTS = ("nchw", "nhwc")
EXAMPLE = "size=256,crop=224,mean=127,scale=0.0078125,layout=nchw"
#: Pixels of a side, and of a whole image once it is resized: more than any camera's.
MAX_SIDE, MAX_PIXELS = 16_384, 400_000_000
MAX_NUMBER = 1e6
FORM = Form(("size", "crop", "mean", "scale", "layout"), EXAMPLE)


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

    @property
    def dtype(self) -> str:
        """Of the values."""
        return "float32"

    def __post_init__(self) -> None:
        if self.size > MAX_SIDE:
            raise FORM.bad(f"size must be at most {MAX_SIDE:,}, but got {str(self.size)[:20]}")
        if not 1 <= self.crop <= self.size:
            raise FORM.bad(
                f"1 <= crop <= size must hold, but got crop={self.crop}, size={self.size}"
            )
        if not np.all(np.isfinite((*self.mean, *self.scale))):
            raise FORM.bad(f"mean and scale must be finite, but got {self.mean} and {self.scale}")
        if max(map(abs, (*self.mean, *self.scale))) > MAX_NUMBER:
            raise FORM.bad(f"mean and scale must be at most {MAX_NUMBER:g}")
        if 0 in self.scale:
            raise FORM.bad("a scale of 0 makes all images equal")
        if self.layout not in LAYOUTS:
            raise FORM.bad(f"layout must be nchw or nhwc, but got '{self.layout}'")

    @classmethod
    def parse(cls, text: str) -> Preprocessing:
        """From `EXAMPLE`'s form; mean and scale are one number or three, as in mean=124/116/104.

        `crop` is the same as `size` where it is left out, `layout` nchw.

        Raises:
            BadInput: a field is unknown, missing, twice there or no number.
        """
        fields = FORM.fields(text)
        size = FORM.pixels(fields, "size")
        return cls(
            size=size,
            crop=FORM.pixels(fields, "crop") if "crop" in fields else size,
            mean=FORM.channels(fields, "mean"),
            scale=FORM.channels(fields, "scale"),
            layout=fields.get("layout", "nchw"),
        )

    def __str__(self) -> str:
        mean, scale = ("/".join(f"{v:.9g}" for v in three) for three in (self.mean, self.scale))
        return f"size={self.size},crop={self.crop},mean={mean},scale={scale},layout={self.layout}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the model's input, without a batch axis."""
        side = (self.crop, self.crop)
        return (3, *side) if self.layout == "nchw" else (*side, 3)

    @property
    def preparation(self) -> Preparation:
        """The same as bundles record it."""
        return Preparation(
            way="crop",
            size=(self.crop, self.crop),
            mean=self.mean,
            scale=self.scale,
            fill=0,
            layout=self.layout,
            filter="bicubic",
            short=self.size,
        )

    def apply(self, image: Image) -> np.ndarray:
        """float32[3, crop, crop] or [crop, crop, 3]. The image is upright already."""
        return self.values(self.pasted(image), (0, 0))

    def pasted(self, image: Image) -> np.ndarray:
        """uint8[crop, crop, 3]. Sizes are rounded as in torchvision's Resize and CenterCrop."""
        from PIL.Image import Resampling

        image = rgb(image)
        short = min(image.size)
        width, height = (self.size * side // short for side in image.size)
        if width * height > MAX_PIXELS:
            raise ValueError(f"it becomes {width} x {height} pixels")
        image = image.resize((width, height), Resampling.BICUBIC)
        left, top = round((width - self.crop) / 2), round((height - self.crop) / 2)
        return np.asarray(image.crop((left, top, left + self.crop, top + self.crop)), np.uint8)

    def values(self, part: np.ndarray, corner: tuple[int, int]) -> np.ndarray:
        """float32[*shape] of what `pasted` gives, which lies at (0, 0)."""
        pixels = part.astype(np.float32)
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
    side = preprocessing.crop
    image_memory.require(folder, len(paths), (side, side), 3)
    images = Pixels.of(preprocessing, (side, side), 3, len(paths))
    for number, path in enumerate(paths):
        images.put(number, _pasted(preprocessing, path), (0, 0))
    told = None if labels is None else np.array(labels, np.int64)
    kept: Any = images
    marks = classified(paths, labels, preprocessing.preparation)
    return Samples({input_name: kept}, told, None, str(folder), marks=marks)


def _pasted(preprocessing: Preprocessing, path: Path) -> np.ndarray:
    """One image's pixels in the input."""
    try:
        with upright.open_image(path) as image:
            return preprocessing.pasted(image)
    except (OSError, ValueError, MemoryError) as error:
        raise BadInput(
            f"{path}: cannot be prepared as RGB: {error}", "Save it as 8-bit RGB."
        ) from error


#: Modes of Pillow for 16 bits a pixel: it would clip them to 255.
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N")
#: Modes of numbers whose white nobody knows.
_ANY_RANGE = {"I": "32-bit integers", "F": "floats"}


def rgb(image: Image) -> Image:
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
