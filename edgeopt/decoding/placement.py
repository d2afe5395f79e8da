"""ON THE DEVICE AND HOST. How an image lies in the model's input, and how boxes are taken back."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

#: How families fit an image into their input.
WAYS = ("letterbox", "corner", "stretch", "crop", "line")


class NoPlacement(ValueError):
    """An image that cannot be put into the input, or whose answers cannot be taken back."""


@dataclass(frozen=True)
class Placement:
    """x of the input = x of the image * scale_x + left; y likewise.

    Attributes:
        image: (height, width) of the image, size: of the input.
        resized: (height, width) of the image as it is pasted; parts outside the input are cut off.
        left, top: where its corner goes; negative where it is cut.
    """

    image: tuple[int, int]
    size: tuple[int, int]
    resized: tuple[int, int]
    left: int
    top: int

    @property
    def scale(self):
        """(scale_x, scale_y)."""
        return self.resized[1] / self.image[1], self.resized[0] / self.image[0]

    @property
    def side_scale(self):
        """Of lengths of any direction; sides were rounded to whole pixels.

        Raises:
            NoPlacement: the image is stretched by more than rounding: there is none.
        """
        (height, width), (rows, columns), (x, y) = self.image, self.resized, self.scale
        ratio, off = (x, rows - x * height) if width >= height else (y, columns - y * width)
        if abs(off) <= max(1, ratio):
            return ratio
        if abs(x / y - 1) > 0.02:
            raise NoPlacement(f"rotated boxes of an image that is stretched {x:g} by {y:g}")
        return (x * y) ** 0.5

    def placed(self, points):
        """Points [..., 2] of the image -> of the input."""
        return np.asarray(points, np.float64) * self.scale + (self.left, self.top)

    def taken_back(self, points):
        """Points [..., 2] of the input -> of the image."""
        return (np.asarray(points, np.float64) - (self.left, self.top)) / self.scale

    def undone(self, detections):
        """Detections in pixels of the input -> of the image, boxes cut at its edges.

        Rotated boxes keep their angle: an image that is stretched unevenly has none to keep.

        Raises:
            NoPlacement: rotated boxes of an image that is stretched by more than rounding.
        """
        height, width = self.image
        corners = self.taken_back(detections.boxes.reshape(-1, 2, 2))
        corners = np.clip(corners, 0, (width, height))
        found = replace(detections, boxes=corners.reshape(-1, 4))
        if detections.keypoints is not None:
            points = self.taken_back(detections.keypoints[..., :2])
            points = np.concatenate([points, detections.keypoints[..., 2:]], axis=-1)
            found = replace(found, keypoints=points)
        if detections.rotated is not None:
            found = replace(found, rotated=self._turned_back(detections.rotated))
        if detections.masks is not None:
            found = replace(found, masks=self._masks(detections.masks))
        return found

    def _turned_back(self, rotated):
        center, sides = self.taken_back(rotated[:, :2]), rotated[:, 2:4] / self.side_scale
        return np.concatenate([center, sides, rotated[:, 4:]], axis=1)

    def _masks(self, masks):
        """bool[m, height, width] of the input -> of the image, the nearest pixel of each."""
        height, width = self.image
        y = (np.arange(height) + 0.5) * self.scale[1] + self.top
        x = (np.arange(width) + 0.5) * self.scale[0] + self.left
        inside = ((y >= 0) & (y < self.size[0]))[:, None] & ((x >= 0) & (x < self.size[1]))
        rows = np.clip(y.astype(int), 0, self.size[0] - 1)
        columns = np.clip(x.astype(int), 0, self.size[1] - 1)
        return masks[:, rows[:, None], columns] & inside


def placement(way, image, size):
    """How an image (height, width) is put into an input (height, width).

    letterbox: as large as fits, in the middle (Ultralytics). corner: the same in the upper left
    corner, sides cut to whole pixels (YOLOX, RTMDet). stretch: to the input's size (SSD, DETR).
    crop: as small as covers, the middle of it (classifiers). line: to the input's height, at the
    left, and narrower than it is only where the input is too short (PaddleOCR's recognizers).

    Raises:
        ValueError: there is no such way, or an image without pixels.
    """
    (height, width), (rows, columns) = image, size
    if min(*image, *size) < 1:
        raise ValueError(f"an image of {width} x {height} for an input of {columns} x {rows}")
    if way == "stretch":
        return Placement(tuple(image), tuple(size), tuple(size), 0, 0)
    if way == "corner":
        ratio = min(rows / height, columns / width)
        resized = (max(1, int(height * ratio)), max(1, int(width * ratio)))
        return Placement(tuple(image), tuple(size), resized, 0, 0)
    if way == "line":
        resized = (rows, min(columns, math.ceil(width * rows / height)))
        return Placement(tuple(image), tuple(size), resized, 0, 0)
    if way not in WAYS:
        raise ValueError(f"{way!r} is none of {', '.join(WAYS)}")
    ratios = rows / height, columns / width
    ratio = min(ratios) if way == "letterbox" else max(ratios)
    resized = (max(1, round(height * ratio)), max(1, round(width * ratio)))
    top, left = (rows - resized[0]) / 2, (columns - resized[1]) / 2
    if way == "letterbox":  # half a pixel goes to the lower right, as Ultralytics has it
        return Placement(tuple(image), tuple(size), resized, round(left - 0.1), round(top - 0.1))
    return Placement(tuple(image), tuple(size), resized, round(left), round(top))


def cut_after_short(short, image, size):
    """The middle of an image whose shorter side is resized to `short` pixels.

    Rounded as torchvision's Resize and CenterCrop do; what an input is wider than is filled.
    """
    least = min(image)
    resized = tuple(max(1, int(short * side // least)) for side in image)
    top, left = (round((long - side) / 2) for long, side in zip(resized, size))
    return Placement(tuple(image), tuple(size), resized, -left, -top)
