"""ON THE DEVICE AND HOST. From an image to a model's input, as the bundle records it.

The image is one of Pillow's, upright and RGB; Pillow itself is not imported here.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from edgeopt.decoding.placement import WAYS, NoPlacement, cut_after_short, placement

LAYOUTS, ORDERS = ("nchw", "nhwc"), ("rgb", "bgr", "grey")
DTYPES = ("float32", "uint8", "int8", "int32")
#: Of a resized image: one of a pixel by many is cut to its middle only after it is enlarged.
MAX_PIXELS = 400_000_000
#: Pillow's numbers. Its filters smooth where an image becomes smaller; OpenCV's do not.
FILTERS = {"nearest": 0, "bilinear": 2, "bicubic": 3}


@dataclass(frozen=True)
class Preparation:
    """value = (pixel - mean) * scale, pixels 0..255 before.

    Attributes:
        way: of `placement.WAYS`. size: (height, width) of the model's input.
        mean, scale: for the three channels, in the model's order; all three are equal for grey.
        fill: pixels around the image.
        layout: "nchw" gives [channels, height, width], "nhwc" [height, width, channels].
        order: of the three channels, or "grey": one, 0.299 R + 0.587 G + 0.114 B (Pillow's "L").
        filter: of `FILTERS`. dtype: of the input.
        short: of a `crop`: so many pixels has the shorter side of the image before the middle is
            cut (torchvision's Resize and CenterCrop); 0: as small as covers the input.
        widths: of a line whose width is open, in ascending order: each gets the smallest that holds
            it, a wider one its own, rounded up to a multiple of the smallest.
    """

    way: str
    size: Any
    mean: Any = (0.0, 0.0, 0.0)
    scale: Any = (1.0, 1.0, 1.0)
    fill: float = 114
    layout: str = "nchw"
    order: str = "rgb"
    filter: str = "bilinear"
    dtype: str = "float32"
    widths: Any = ()
    short: int = 0

    def __post_init__(self):
        if self.short and self.way != "crop":
            raise ValueError(f"short is of a crop, and way is {self.way!r}")
        if self.widths and self.way != "line":
            raise ValueError(f"widths are of lines, and way is {self.way!r}")
        for name, known in (
            ("way", WAYS),
            ("layout", LAYOUTS),
            ("order", ORDERS),
            ("filter", tuple(FILTERS)),
            ("dtype", DTYPES),
        ):
            if getattr(self, name) not in known:
                words = ", ".join(known)
                raise ValueError(f"{name} is {getattr(self, name)!r}, none of {words}")
        if not np.isfinite([*self.mean, *self.scale]).all() or 0 in tuple(self.scale):
            raise ValueError("mean and scale must be finite, and no scale 0")
        for name in ("mean", "scale"):
            values = tuple(getattr(self, name))
            if len(values) != 3 or (self.order == "grey" and len(set(values)) > 1):
                wanted = "one number" if self.order == "grey" else "three numbers"
                raise ValueError(f"{name} is {list(values)}, but {self.order} takes {wanted}")

    @property
    def channels(self):
        """1 for grey, else 3."""
        return 1 if self.order == "grey" else 3

    @property
    def shape(self):
        """Of the input, without a batch axis."""
        rows, columns = (int(side) for side in self.size)
        if self.layout == "nchw":
            return self.channels, rows, columns
        return rows, columns, self.channels

    def placed(self, image):
        """The `Placement` of an image."""
        size = tuple(self.size)
        if self.short:
            return cut_after_short(self.short, (image.size[1], image.size[0]), size)
        return placement(self.way, (image.size[1], image.size[0]), size)

    def apply(self, image):
        """(the input without a batch axis, the `Placement` that takes answers back).

        Raises:
            ValueError: the image is not RGB. NoPlacement: it becomes more than `MAX_PIXELS`.
        """
        fitted = self.fitted(image)
        part, corner, place = fitted.pasted(image)
        return fitted.values(part, corner), place

    def fitted(self, image):
        """The preparation with the width that an image needs, where widths are open."""
        if not self.widths:
            return self
        rows, (width, height) = int(self.size[0]), image.size
        needed = math.ceil(width * rows / height)
        step = int(self.widths[0])
        beyond = step * math.ceil(needed / step)
        fitting = next((int(one) for one in self.widths if one >= needed), beyond)
        return replace(self, size=(rows, fitting), widths=())

    def shaped(self, shape, place):
        """The shape of an input in which an image lies as `place` says."""
        if not self.widths:
            return tuple(shape)
        axis = len(shape) - (1 if self.layout == "nchw" else 2)
        return (*shape[:axis], place.size[1], *shape[axis + 1 :])

    def pasted(self, image):
        """(uint8[height, width, channels] of it in the input, its (top, left) there, `Placement`).

        Raises:
            ValueError, NoPlacement: as `apply`.
        """
        if image.mode != "RGB":
            raise ValueError(f"an RGB image wanted, got {image.mode}")
        place = self.placed(image)
        height, width = place.resized
        if height * width > MAX_PIXELS:
            raise NoPlacement(
                f"an image of {image.size[0]} x {image.size[1]} becomes {width} x {height} pixels: "
                f"more than {MAX_PIXELS}"
            )
        image = image.convert("L") if self.order == "grey" else image
        resized = np.asarray(image.resize((width, height), FILTERS[self.filter]), np.uint8)
        resized = resized.reshape(height, width, self.channels)
        rows, columns = place.size
        top, left = max(place.top, 0), max(place.left, 0)
        part = resized[max(-place.top, 0) :, max(-place.left, 0) :][: rows - top, : columns - left]
        return part, (top, left), place

    def values(self, part, corner):
        """The input without a batch axis, of what `pasted` gives; `fill` is around it."""
        rows, columns = self.size
        top, left = corner
        pixels = np.full((rows, columns, self.channels), self.fill, np.float32)
        pixels[top : top + part.shape[0], left : left + part.shape[1]] = part
        pixels = pixels[..., ::-1] if self.order == "bgr" else pixels
        mean, scale = (
            np.array(values, np.float32)[: self.channels] for values in (self.mean, self.scale)
        )
        values = (pixels - mean) * scale
        if self.dtype != "float32":
            limits = np.iinfo(self.dtype)
            values = np.clip(np.round(values), limits.min, limits.max).astype(self.dtype)
        if self.layout == "nchw":
            values = values.transpose(2, 0, 1)
        return np.ascontiguousarray(values)

    def record(self):
        """What a manifest keeps: {field: value}, lists for tuples."""
        found = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}
        return {k: v for k, v in found.items() if v or k not in ("widths", "short")}


def of_record(record):
    """The preparation that a manifest keeps. Raises ValueError where it is none."""
    known = {one.name for one in fields(Preparation)}
    if not set(record) <= known or not {"way", "size"} <= set(record):
        raise ValueError("a preparation has the fields {}".format(", ".join(sorted(known))))
    return Preparation(**{k: tuple(v) if isinstance(v, list) else v for k, v in record.items()})


_BYTES = 1 / 255
#: How families prepare, where their published code has one way: Ultralytics 8.4 (`LetterBox`),
#: YOLOX 0.3 (`preproc`: BGR, 0..255), TensorFlow's SSD MobileNet (-1..1), RT-DETR (0..1).
FAMILIES = {
    "yolo": {"way": "letterbox", "scale": (_BYTES,) * 3},
    "yolox": {"way": "corner", "order": "bgr"},
    "ssd": {"way": "stretch", "mean": (127.5,) * 3, "scale": (1 / 127.5,) * 3, "layout": "nhwc"},
    "detr": {"way": "stretch", "scale": (_BYTES,) * 3},
}


def of_head(head, size):
    """How the family of a head prepares; None where it is not known and must be told.

    Args:
        head: of `HEADS`; all of Ultralytics' are `yolo` or begin with `yolo-`.
    """
    family = "yolo" if head.startswith("yolo-") else head.replace("-postprocess", "")
    known = FAMILIES.get(family)
    return Preparation(size=tuple(size), **known) if known else None
