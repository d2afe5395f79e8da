"""Ultralytics' layout: a `data.yaml`, folders of images, and a text file of labels an image.

As `ultralytics/data/utils.py` (8.4) reads them: `path` is the root, `train`, `val` and `test` are
folders or lists of files below it, and `.../images/a.jpg` has its labels in `.../labels/a.txt`.
A line is `class cx cy w h` in shares of the image's sides, with the key points' numbers behind
where `kpt_shape` is given, or `class x1 y1 x2 y2 ...`, an outline (rotated boxes have four points).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from edgeopt.datasets.advice import Advice, did_you_mean
from edgeopt.datasets.annotations import box_format, data_yaml, named_file, upright
from edgeopt.datasets.annotations.annotated import Annotated, Objects, no_objects
from edgeopt.datasets.annotations.text_file import lines
from edgeopt.datasets.image_files import SUFFIXES
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

MAX_LABEL_BYTES, MAX_LIST_BYTES = 16_000_000, 256_000_000
_LINE = "A line is `class cx cy w h`, in shares of the image's width and height."


def read(path: Path, part: str = "val") -> Annotated:
    """The images of one part of a `data.yaml`, with their labels; one without is background.

    Raises:
        BadInput: it is no such file, the part or its images are missing, no image has a label,
            or a line of labels is wrong.
        NotInstalled: PyYAML or Pillow is missing.
    """
    layout = data_yaml.read(path)
    images = _images(layout, part)
    labels = [labels_of(image) for image in images]
    there = [on_disk.kind(label) == "file" for label in labels]
    if not any(there):
        raise BadInput(
            f"{on_disk.shown(path)}: none of the {len(images)} images of '{part}' has labels; the "
            f"first was looked for at {on_disk.shown(labels[0])}.",
            "Labels lie in a folder 'labels' beside 'images', under the image's name with .txt.",
        )
    sizes = upright.sizes_of(images)
    rows = [
        [*_rows(label, layout, i)] if known else []
        for i, (label, known) in enumerate(zip(labels, there, strict=True))
    ]
    flat = [row for one in rows for row in one]
    if not flat:
        raise BadInput(
            f"{on_disk.shown(path)}: the labels of '{part}' hold 0 objects: nothing can be judged "
            "by them.",
            "Give the labels of the images.",
        )
    boxes = box_format.checked(_written(flat, sizes, on_disk.shown(path)))
    ends = np.cumsum([len(one) for one in rows])[:-1]
    objects = tuple(
        _objects(one, box, size, layout.points[0])
        for one, box, size in zip(rows, np.split(boxes, ends), sizes, strict=True)
    )
    advice = _advice(len(there) - sum(there), len(there), path)
    return Annotated(
        images,
        sizes,
        objects,
        names=layout.names,
        keypoint_names=tuple(map(str, range(layout.points[0]))),
        origin=str(path),
        advice=advice,
    )


def _advice(bare: int, count: int, path: Path) -> tuple[Advice, ...]:
    if 2 * bare <= count:
        return ()
    text = f"{bare} of {count} images of {on_disk.shown(path)} have no file of labels"
    return (Advice(text, "They count as images without objects."),)


def labels_of(image: Path) -> Path:
    """Where Ultralytics looks for an image's labels: the last folder `images` becomes `labels`."""
    parts = list(image.parts)
    for i in range(len(parts) - 2, -1, -1):
        if parts[i] == "images":
            parts[i] = "labels"
            break
    return Path(*parts).with_suffix(".txt")


def _images(layout: data_yaml.Layout, part: str) -> tuple[Path, ...]:
    if part not in layout.parts:
        there = ", ".join(layout.parts)
        raise BadInput(
            f"{on_disk.shown(layout.file)} has no part '{part}'{did_you_mean(part, layout.parts)}",
            f"It has {there}.",
        )
    found = [
        image for one in layout.parts[part] for image in _at(_place(layout, one, part), layout)
    ]
    if not found:
        raise BadInput(
            f"{on_disk.shown(layout.file)}: the part '{part}' holds 0 images.",
            f"Looked for {' '.join(SUFFIXES)}.",
        )
    return tuple(dict.fromkeys(found))


def _place(layout: data_yaml.Layout, written: str, part: str) -> Path:
    """A folder or list below the root; exports say `../val/images` of what lies beside the file."""
    tried = [layout.root / written]
    if written.startswith("../"):
        tried.append(layout.root / written[3:])
    for place in tried:
        if on_disk.kind(place) != "nothing":
            return place
    raise BadInput(
        f"{on_disk.shown(layout.file)}: there is nothing at {on_disk.shown(tried[0])}, which "
        f"'{part}' names.",
        on_disk.near(tried[0]),
    )


def _at(place: Path, layout: data_yaml.Layout) -> list[Path]:
    """The images of a folder, at any depth, or of a list of files, all below it or the root."""
    if on_disk.kind(place) == "folder":
        below = sorted(place.rglob("*"))
        return [one for one in below if one.suffix.lower() in SUFFIXES and one.name[0] != "."]
    listed = lines(place, MAX_LIST_BYTES, "a list of images, a path a line")
    found = [place.parent / one.strip() for one in listed if one.strip()]
    for image in found:
        if not any(named_file.lies_below(image, one) for one in (place.parent, layout.root)):
            raise BadInput(
                f"{on_disk.shown(place)}: {str(image)[:100]!r} lies outside of "
                f"{on_disk.shown(layout.root)}.",
                "List images below the root that data.yaml names (path).",
            )
    return found


class _Row(NamedTuple):
    """A line of labels: the box as written, [cx, cy, w, h], and what follows it."""

    image: int
    place: str
    kind: int
    box: np.ndarray
    points: np.ndarray | None
    outline: np.ndarray | None


def _rows(label: Path, layout: data_yaml.Layout, image: int) -> Iterator[_Row]:
    for number, line in enumerate(lines(label, MAX_LABEL_BYTES, "a file of labels"), 1):
        if line.strip():
            yield _row(line, f"{on_disk.shown(label)}, line {number}", layout, image)


def _classes(count: int) -> str:
    return "there is one, 0" if count == 1 else f"there are {count} (0 to {count - 1})"


def _row(line: str, place: str, layout: data_yaml.Layout, image: int) -> _Row:
    try:
        numbers = np.array([float(word) for word in line.split()])
    except ValueError:
        raise BadInput(f"{place}: {line.strip()[:60]!r} is no label.", _LINE) from None
    kind = numbers[0]
    if kind != np.floor(kind) or not 0 <= kind < len(layout.names):
        raise BadInput(
            f"{place}: the class {kind:g}, but {_classes(len(layout.names))}.",
            "Name all classes in data.yaml, in their order.",
        )
    rest = numbers[1:]
    count, each = layout.points
    if count:
        _require_count(len(rest), 4 + count * each, place, f"a box and {count} key points have")
        return _Row(image, place, int(kind), rest[:4], rest[4:].reshape(count, each), None)
    if len(rest) >= 6 and len(rest) % 2 == 0:
        outline = rest.reshape(-1, 2)
        low, high = outline.min(axis=0), outline.max(axis=0)
        around = np.concatenate([(low + high) / 2, high - low])
        return _Row(image, place, int(kind), around, None, outline)
    _require_count(len(rest), 4, place, "a box has")
    return _Row(image, place, int(kind), rest, None, None)


def _require_count(count: int, wanted: int, place: str, has: str) -> None:
    if count != wanted:
        raise BadInput(f"{place}: {count} numbers behind the class, but {has} {wanted}.", _LINE)


def _written(rows: list[_Row], sizes: np.ndarray, origin: str) -> box_format.Written:
    return box_format.Written(
        numbers=np.stack([row.box for row in rows]),
        sizes=sizes[[row.image for row in rows]],
        layout="cxcywh",
        unit="shares",
        places=lambda i: rows[i].place,
        origin=origin,
        family="YOLO's",
    )


def _objects(rows: list[_Row], boxes: np.ndarray, size: np.ndarray, points: int) -> Objects:
    if not rows:
        return no_objects(points)
    nothing = np.zeros(len(rows), bool)
    return Objects(
        boxes=boxes,
        classes=np.array([row.kind for row in rows], np.int64),
        crowd=nothing,
        difficult=nothing,
        areas=(boxes[:, 2:] - boxes[:, :2]).prod(axis=1),
        keypoints=np.stack([_in_pixels(row, size) for row in rows]) if points else None,
        outlines=tuple(() if row.outline is None else (row.outline * size,) for row in rows),
    )


def _in_pixels(row: _Row, size: np.ndarray) -> np.ndarray:
    """float64[p, 3]; points of two numbers are seen unless they are 0, 0, as Ultralytics has it."""
    assert row.points is not None
    points = row.points
    if not np.isfinite(points).all():
        raise BadInput(f"{row.place}: a key point that is no finite number.", _LINE)
    seen = points[:, 2:] if points.shape[1] == 3 else 2.0 * (points != 0).any(axis=1)[:, None]
    return np.concatenate([points[:, :2] * size, seen], axis=1)
