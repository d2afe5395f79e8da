"""COCO's JSON as it stands in a file: what is read of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from edgeopt.datasets.annotations.text_file import content
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

#: instances_train2017.json has 450 MB.
MAX_BYTES = 2_000_000_000
WHAT = "a COCO file of annotations (JSON)"
_HINT = "COCO's format is described at cocodataset.org under 'format data'."

Id = int | str


class Image(msgspec.Struct, frozen=True):
    """An entry of `images`; its size may be missing."""

    id: Id
    file_name: str
    width: float = 0
    height: float = 0


class Category(msgspec.Struct, frozen=True):
    """An entry of `categories`; the skeleton is not read."""

    id: Id
    name: str
    keypoints: list[str] = []


class Annotation(msgspec.Struct, frozen=True):
    """An entry of `annotations`; its outline is polygons or a run-length code."""

    image_id: Id
    category_id: Id
    bbox: list[float]
    id: Id = ""
    area: float | None = None
    iscrowd: int | bool = 0
    keypoints: list[float] | None = None
    segmentation: msgspec.Raw = msgspec.Raw()


class File(msgspec.Struct, frozen=True):
    """What is read of the file; what else it holds is passed over."""

    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category]


def decoded(path: Path) -> File:
    """What a file holds.

    Raises:
        BadInput: it is no JSON, or not of this form.
    """
    read = content(path, MAX_BYTES, WHAT)
    try:
        return msgspec.json.decode(read, type=File)
    except msgspec.ValidationError as error:
        raise BadInput(f"{on_disk.shown(path)} is not {WHAT}: {error}.", _HINT) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        deep = isinstance(error, RecursionError)
        why = "it is nested too deeply" if deep else str(error)
        raise BadInput(f"{on_disk.shown(path)} is no JSON: {why}.", _HINT) from error
