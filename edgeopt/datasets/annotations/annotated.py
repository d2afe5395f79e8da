"""What a person marked on images: boxes, key points, masks, text. One value for every format."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgeopt.datasets.advice import Advice


@dataclass(frozen=True, eq=False)
class Objects:
    """The objects of one image.

    Attributes:
        boxes: float64[k, 4], x1, y1, x2, y2 in pixels of the upright image, x2 > x1, y2 > y1.
        classes: int64[k], numbers of `Annotated.names`.
        crowd: bool[k], COCO's `iscrowd`: a box around many, which no answer has to find.
        difficult: bool[k], VOC's `difficult`: neither finding nor missing it counts.
        areas: float64[k], pixels: COCO's `area` (of the outline), else the box's.
        keypoints: float64[k, p, 3], x, y in pixels and 0 not marked, 1 hidden, 2 seen; or None.
        outlines: for each object its rings, float64[m, 2] in pixels; () where it has none.
        runs: for each object its outline in run lengths (`run_lengths.py`), int64[r]; None where it
            has none.
    """

    boxes: np.ndarray
    classes: np.ndarray
    crowd: np.ndarray
    difficult: np.ndarray
    areas: np.ndarray
    keypoints: np.ndarray | None = None
    outlines: tuple[tuple[np.ndarray, ...], ...] = ()
    runs: tuple[np.ndarray | None, ...] = ()

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True, eq=False)
class Annotated:
    """Images in order, and what is known of each: every sequence has one entry an image.

    Attributes:
        images: files. sizes: int64[n, 2], width and height after the EXIF orientation.
        objects: None where nothing is boxed.
        masks: a PNG an image whose pixels are class numbers, or None.
        texts: what is written on it, or None.
        ids: COCO's own of each class, ascending; () where they are no numbers, or of other formats.
        names: of the classes, by number. keypoint_names: of the points, or ().
        origin: where it comes from, for messages.
        advice: what was noticed and refuses nothing.
    """

    images: tuple[Path, ...]
    sizes: np.ndarray
    objects: tuple[Objects, ...] | None = None
    masks: tuple[Path, ...] | None = None
    texts: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()
    keypoint_names: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    origin: str = ""
    advice: tuple[Advice, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: Sequence[int] | np.ndarray) -> Annotated:
        """The images at `indices`, in that order."""
        chosen = [int(i) for i in indices]
        return Annotated(
            images=tuple(self.images[i] for i in chosen),
            sizes=self.sizes[chosen],
            objects=None if self.objects is None else tuple(self.objects[i] for i in chosen),
            masks=None if self.masks is None else tuple(self.masks[i] for i in chosen),
            texts=None if self.texts is None else tuple(self.texts[i] for i in chosen),
            names=self.names,
            keypoint_names=self.keypoint_names,
            ids=self.ids,
            origin=self.origin,
            advice=self.advice,
        )

    def sha256(self) -> str:
        """Identity of what was marked, and of the images' and masks' content."""
        digest = hashlib.sha256(repr((self.names, self.keypoint_names)).encode())
        for i, image in enumerate(self.images):
            digest.update(_of_file(image))
            if self.masks is not None:
                digest.update(_of_file(self.masks[i]))
            if self.texts is not None:
                digest.update(hashlib.sha256(self.texts[i].encode()).digest())
            if self.objects is not None:
                _add(digest, self.objects[i])
        return digest.hexdigest()


def _of_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _add(digest: hashlib._Hash, objects: Objects) -> None:
    arrays = [objects.boxes, objects.classes, objects.crowd, objects.difficult, objects.areas]
    if objects.keypoints is not None:
        arrays.append(objects.keypoints)
    arrays += [ring for rings in objects.outlines for ring in rings]
    arrays += [runs for runs in objects.runs if runs is not None]
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape};".encode())
        digest.update(np.ascontiguousarray(array).tobytes())


def no_objects(points: int = 0) -> Objects:
    """An image without objects; `points`: as many key points as others have."""
    return Objects(
        boxes=np.zeros((0, 4)),
        classes=np.zeros(0, np.int64),
        crowd=np.zeros(0, bool),
        difficult=np.zeros(0, bool),
        areas=np.zeros(0),
        keypoints=np.zeros((0, points, 3)) if points else None,
    )
