"""COCO's JSON: instances and key points (https://cocodataset.org/#format-data)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from edgeopt.datasets.advice import Advice
from edgeopt.datasets.annotations import box_format, named_file, run_lengths, upright
from edgeopt.datasets.annotations.annotated import Annotated, Objects, no_objects
from edgeopt.datasets.annotations.coco_file import Annotation, File, Id, Image, decoded
from edgeopt.datasets.image_folder import MAX_SIDE
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

MAX_KEYPOINTS = 1_000


def read(path: Path, images: Path) -> Annotated:
    """The images that a COCO file lists, with their boxes.

    Classes are numbered from 0 in the order of the categories' ids: COCO's 1..90 with gaps become
    0..79. How a model numbers them is found later, by its outputs (`settling/numbering.py`).

    Args:
        path: instances_*.json or person_keypoints_*.json. images: the folder of `file_name`.

    Raises:
        BadInput: it is no such file, has no annotations, names an image that is missing or
            cannot be read, an image or category that it does not list, or a box or outline that is
            none or lies outside its image.
        NotInstalled: Pillow is missing.
    """
    file = decoded(path)
    _require_entries(file, path)
    by_id = _numbered("image", [one.id for one in file.images], path)
    names = sorted(file.categories, key=lambda one: (isinstance(one.id, str), one.id))
    classes = _numbered("category", [one.id for one in names], path)
    rows = [_number(a.image_id, by_id, "image", i, path) for i, a in enumerate(file.annotations)]
    kinds = [
        _number(a.category_id, classes, "category", i, path) for i, a in enumerate(file.annotations)
    ]
    paths = tuple(_inside(images, one.file_name, path) for one in file.images)
    sizes = upright.sizes_of(paths)
    for image, size, place in zip(file.images, sizes, paths, strict=True):
        _require_size(image, size, place, path)
    boxes = box_format.checked(_written(file, sizes[rows], path))
    points = max((one.keypoints for one in names), key=lambda listed: len(listed))
    found = _Gathered(
        file.annotations, boxes, np.array(kinds, np.int64), sizes[rows], len(points), path
    )
    return Annotated(
        images=paths,
        sizes=sizes,
        objects=found.of_images(rows, len(paths)),
        names=tuple(one.name for one in names),
        keypoint_names=tuple(points),
        ids=tuple(one.id for one in names if isinstance(one.id, int)),
        origin=str(path),
        advice=_advice(rows, paths, path),
    )


def _require_entries(file: File, path: Path) -> None:
    for name in ("images", "annotations", "categories"):
        if not getattr(file, name):
            raise BadInput(
                f"{on_disk.shown(path)} holds 0 {name}: nothing can be judged by it.",
                "Give the file with the annotations of the images, such as instances_val.json.",
            )


def _numbered(what: str, ids: list[Id], path: Path) -> dict[Id, int]:
    numbers = {one: i for i, one in enumerate(ids)}
    if len(numbers) < len(ids):
        twice = next(one for i, one in enumerate(ids) if numbers[one] != i)
        raise BadInput(
            f"{on_disk.shown(path)}: the {what} id {_id(twice)} is there twice.",
            f"Give each {what} an id of its own.",
        )
    return numbers


def _number(one: Id, numbers: dict[Id, int], what: str, at: int, path: Path) -> int:
    if one not in numbers:
        raise BadInput(
            f"{on_disk.shown(path)}, annotation {at}: there is no {what} of id {_id(one)}; there "
            f"are {len(numbers)}.",
            f"Add it to the file's list, or remove the annotations of that {what}.",
        )
    return numbers[one]


def _id(one: Id) -> str:
    return repr(one)[:60]


def _inside(folder: Path, name: str, path: Path) -> Path:
    """The file of an image: not outside its folder, whatever the name says."""
    if not named_file.is_inside(name):
        raise BadInput(
            f"{on_disk.shown(path)}: the image {name[:100]!r} is no name of a file in "
            f"{on_disk.shown(folder)}.",
            "Write names relative to the folder of images.",
        )
    return folder / name


def _require_size(image: Image, size: np.ndarray, place: Path, path: Path) -> None:
    """Refuses a file whose boxes belong to an image of another size."""
    if not image.width and not image.height:
        return
    said, width, height = (image.width, image.height), *(int(side) for side in size)
    if said == (width, height):
        return
    stored = upright.stored_size_of(place)
    why = "and its boxes belong to that"
    if said == stored:
        why = "before its EXIF orientation is applied"
    if max(said) > MAX_SIDE:
        why = "which no image has"
    oriented = stored != (width, height)
    hint = (
        "Annotate the images as they are shown, or save them without an orientation."
        if oriented
        else "Give the images that were annotated, or scale the boxes and sizes to these."
    )
    raise BadInput(
        f"{on_disk.shown(path)} says that {on_disk.shown(place)} has {said[0]:g} x {said[1]:g} "
        f"pixels, {why}; {'upright ' if oriented else ''}it has {width} x {height}.",
        hint,
    )


def _written(file: File, sizes: np.ndarray, path: Path) -> box_format.Written:
    for i, one in enumerate(file.annotations):
        if len(one.bbox) != 4:
            raise BadInput(
                f"{on_disk.shown(path)}, annotation {i}: a box of {len(one.bbox)} numbers.",
                "COCO's boxes are [x, y, width, height].",
            )
    return box_format.Written(
        numbers=np.array([one.bbox for one in file.annotations], np.float64),
        sizes=sizes,
        layout="xywh",
        unit="pixels",
        places=lambda i: f"{on_disk.shown(path)}, annotation {i}",
        origin=on_disk.shown(path),
        family="COCO's",
    )


class _Gathered:
    """The annotations, to be given to their images."""

    def __init__(
        self,
        annotations: Sequence[Annotation],
        boxes: np.ndarray,
        classes: np.ndarray,
        sizes: np.ndarray,
        points: int,
        path: Path,
    ) -> None:
        self._annotations, self._boxes, self._classes = annotations, boxes, classes
        self._points, self._path, self._sizes = points, path, sizes
        self._crowd = np.array([bool(one.iscrowd) for one in annotations])
        sides = boxes[:, 2:] - boxes[:, :2]
        own = [np.nan if one.area is None else one.area for one in annotations]
        self._areas = np.where(np.isfinite(own), own, sides.prod(axis=1))

    def of_images(self, rows: list[int], count: int) -> tuple[Objects, ...]:
        """The objects of each of `count` images; `rows`: the image of each annotation."""
        members: dict[int, list[int]] = defaultdict(list)
        for i, row in enumerate(rows):
            members[row].append(i)
        return tuple(
            self._objects(members[row]) if row in members else no_objects(self._points)
            for row in range(count)
        )

    def _objects(self, at: list[int]) -> Objects:
        keypoints = np.stack([self._keypoints(i) for i in at]) if self._points else None
        return Objects(
            boxes=self._boxes[at],
            classes=self._classes[at],
            crowd=self._crowd[at],
            difficult=np.zeros(len(at), bool),
            areas=self._areas[at],
            keypoints=keypoints,
            outlines=tuple(self._outline(i) for i in at),
            runs=tuple(self._runs(i) for i in at),
        )

    def _keypoints(self, i: int) -> np.ndarray:
        """float64[p, 3]; an object without any has none marked."""
        numbers = self._annotations[i].keypoints
        if numbers is None:
            return np.zeros((self._points, 3))
        found = np.array(numbers, np.float64)
        if len(found) != 3 * self._points or not np.isfinite(found).all():
            raise BadInput(
                f"{on_disk.shown(self._path)}, annotation {i}: {len(found)} numbers of key points, "
                f"but its category names {self._points} points, of x, y and visibility each.",
                "Write three finite numbers for each point; 0, 0, 0 where it is not marked.",
            )
        found = found.reshape(-1, 3)
        if not np.isin(found[:, 2], (0, 1, 2)).all():
            raise BadInput(
                f"{on_disk.shown(self._path)}, annotation {i}: a visibility of "
                f"{found[~np.isin(found[:, 2], (0, 1, 2)), 2][0]:g}.",
                "It is 0 (not marked), 1 (hidden) or 2 (seen).",
            )
        return found

    def _outline(self, i: int) -> tuple[np.ndarray, ...]:
        """The rings of a polygon; () for a run-length code, or where there is none."""
        raw = bytes(self._annotations[i].segmentation)
        if not raw.lstrip().startswith(b"["):
            return ()  # see `_runs`
        rings = _rings(raw)
        if rings is None:
            raise BadInput(
                f"{on_disk.shown(self._path)}, annotation {i}: an outline that is no list of "
                "polygons.",
                "A polygon is [x1, y1, x2, y2, ...] of three points at least.",
            )
        if not all(box_format.outline_fits(ring, self._sizes[i]) for ring in rings):
            width, height = self._sizes[i]
            raise BadInput(
                f"{on_disk.shown(self._path)}, annotation {i}: an outline that reaches out of its "
                f"image of {width} x {height} pixels.",
                "Outlines are in pixels of the image: correct or remove it.",
            )
        return rings

    def _runs(self, i: int) -> np.ndarray | None:
        """The run lengths of an outline; None for polygons, or where there is none."""
        raw = bytes(self._annotations[i].segmentation)
        if not raw.lstrip().startswith(b"{"):
            return None
        width, height = (int(side) for side in self._sizes[i])
        try:
            return run_lengths.read(raw, (height, width))
        except ValueError as error:
            raise BadInput(
                f"{on_disk.shown(self._path)}, annotation {i}: an outline in run lengths that "
                f"cannot be read: {error}.",
                "Write `size` as [height, width] of the image, and `counts` that fill it.",
            ) from error


def _rings(raw: bytes) -> tuple[np.ndarray, ...] | None:
    try:
        lists = msgspec.json.decode(raw, type=list[list[float]])
    except (msgspec.DecodeError, RecursionError):
        return None
    if any(len(ring) < 6 or len(ring) % 2 for ring in lists):
        return None
    return tuple(np.array(ring, np.float64).reshape(-1, 2) for ring in lists)


def _advice(rows: list[int], paths: tuple[Path, ...], path: Path) -> tuple[Advice, ...]:
    bare = len(paths) - len(set(rows))
    if 2 * bare <= len(paths):
        return ()
    text = f"{bare} of {len(paths)} images of {on_disk.shown(path)} have no object"
    return (Advice(text, "They count: whatever is found on them is wrong."),)
