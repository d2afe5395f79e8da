"""Pascal VOC's XML, a file an image (http://host.robots.ox.ac.uk/pascal/VOC/voc2012/).

A file that defines entities is refused: a few lines of them unfold to gigabytes, or name files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np

from edgeopt.datasets.advice import did_you_mean
from edgeopt.datasets.annotations import box_format, upright
from edgeopt.datasets.annotations.annotated import Annotated, Objects, no_objects
from edgeopt.datasets.annotations.text_file import content
from edgeopt.datasets.image_files import SUFFIXES
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

MAX_BYTES, MAX_DEPTH = 16_000_000, 16
WHAT = "an annotation of Pascal VOC (XML)"
_HINT = "It is <annotation> with <object>, <name> and <bndbox> of xmin, ymin, xmax, ymax."
_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class _Object:
    place: str
    name: str
    box: tuple[float, ...]
    difficult: bool


def read(folder: Path, images: Path | None = None, names: Sequence[str] = ()) -> Annotated:
    """The images that a folder of XML files describes, with their boxes.

    VOC counts pixels from 1, both ends within; boxes of a folder in which a corner is 0 were
    counted from 0. Both become corners from 0 at the pixels' outer edges (VOC) or as they stand.

    Args:
        images: where the files of <filename> lie; None: `JPEGImages` beside the folder, or in it.
        names: the classes in the order of the model's; (): those that occur, sorted.

    Raises:
        BadInput: no XML there, one that is none, entities in it, no object at all, an image that
            is missing, a class that is not among `names`, or a box that is none.
        NotInstalled: Pillow is missing.
    """
    files = _files(folder)
    trees = [_tree(file) for file in files]
    place = images or _beside(folder)
    paths = tuple(_image(tree, file, place) for tree, file in zip(trees, files, strict=True))
    found = [_objects(tree, file) for tree, file in zip(trees, files, strict=True)]
    flat = [one for several in found for one in several]
    if not flat:
        raise BadInput(
            f"{on_disk.shown(folder)}: {len(files)} files with 0 objects: nothing can be judged by "
            "them.",
            _HINT,
        )
    order = tuple(names) or tuple(sorted({one.name for one in flat}))
    sizes = upright.sizes_of(paths)
    counts = [len(several) for several in found]
    boxes = _boxes(flat, np.repeat(sizes, counts, axis=0), on_disk.shown(folder))
    classes = np.array([_class(one, order) for one in flat], np.int64)
    difficult = np.array([one.difficult for one in flat])
    ends = np.cumsum(counts)[:-1]
    parts = zip(*(np.split(one, ends) for one in (boxes, classes, difficult)), strict=True)
    objects = tuple(_of_image(*part) for part in parts)
    return Annotated(paths, sizes, objects, names=order, origin=str(folder))


def _files(folder: Path) -> list[Path]:
    if on_disk.kind(folder) != "folder":
        raise BadInput(f"{on_disk.shown(folder)}: no such folder", on_disk.near(folder))
    try:
        files = sorted(one for one in folder.iterdir() if one.suffix.lower() == ".xml")
    except OSError as error:
        raise on_disk.cannot(folder, "read", error) from error
    if not files:
        raise BadInput(f"{on_disk.shown(folder)} holds no .xml file.", f"Give {WHAT} an image.")
    return files


def _tree(path: Path) -> ElementTree.Element:
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    depth = 0

    def started(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise BadInput(f"{on_disk.shown(path)} is nested too deeply to be read.", _HINT)
        builder.start(name, attributes)

    def ended(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def declared(*_: object) -> NoReturn:
        raise BadInput(
            f"{on_disk.shown(path)} declares a document type or an entity, which is not read.",
            "Remove the line that begins with <!DOCTYPE.",
        )

    parser.StartElementHandler, parser.EndElementHandler = started, ended
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = declared
    try:
        parser.Parse(content(path, MAX_BYTES, WHAT), True)
        root = builder.close()
    except (expat.ExpatError, ValueError, LookupError) as error:  # an encoding that is not known
        raise BadInput(f"{on_disk.shown(path)} is no XML: {error}.", _HINT) from error
    if root.tag != "annotation":
        raise BadInput(f"{on_disk.shown(path)} is not {WHAT}, but <{root.tag[:60]}>.", _HINT)
    return root


def _beside(folder: Path) -> Path:
    there = folder.parent / "JPEGImages"
    return there if on_disk.kind(there) == "folder" else folder


def _image(tree: ElementTree.Element, file: Path, folder: Path) -> Path:
    """The image of a file: by <filename>, else by the file's own name."""
    name = (tree.findtext("filename") or "").strip()
    if name and Path(name).name != name:
        raise BadInput(
            f"{on_disk.shown(file)}: the image {name[:100]!r} is no name of a file.",
            "Write its name, without folders.",
        )
    tried = [name] if name else []
    tried += [file.stem + suffix for suffix in SUFFIXES]
    for one in tried:
        if on_disk.kind(folder / one) == "file":
            return folder / one
    raise BadInput(
        f"{on_disk.shown(file)}: there is no image {tried[0][:100]!r} in {on_disk.shown(folder)}.",
        on_disk.near(folder / tried[0]),
    )


def _objects(tree: ElementTree.Element, file: Path) -> list[_Object]:
    found = []
    for i, one in enumerate(tree.iterfind("object")):
        place = f"{on_disk.shown(file)}, object {i + 1}"
        name = (one.findtext("name") or "").strip()
        texts = [one.findtext(f"bndbox/{corner}") for corner in _CORNERS]
        try:
            box = tuple(float(text or "") for text in texts)
        except ValueError:
            raise BadInput(f"{place}: its box is {texts}.", _HINT) from None
        if not name:
            raise BadInput(f"{place} has no <name>.", _HINT)
        found.append(_Object(place, name, box, (one.findtext("difficult") or "").strip() == "1"))
    return found


def _boxes(objects: list[_Object], sizes: np.ndarray, origin: str) -> np.ndarray:
    numbers = np.array([one.box for one in objects], np.float64)
    if np.isfinite(numbers).all() and numbers[:, :2].min() >= 1:
        numbers = numbers - np.array([1, 1, 0, 0])
    return box_format.checked(
        box_format.Written(
            numbers=numbers,
            sizes=sizes,
            layout="xyxy",
            unit="pixels",
            places=lambda i: objects[i].place,
            origin=origin,
            family="VOC's",
        )
    )


def _class(one: _Object, names: tuple[str, ...]) -> int:
    if one.name not in names:
        raise BadInput(
            f"{one.place}: the class {one.name[:60]!r} is none of the {len(names)} names"
            f"{did_you_mean(one.name, names)}.",
            "Name all classes, in the order of the model's.",
        )
    return names.index(one.name)


def _of_image(boxes: np.ndarray, classes: np.ndarray, difficult: np.ndarray) -> Objects:
    if not len(boxes):
        return no_objects()
    return Objects(
        boxes=boxes,
        classes=classes,
        crowd=np.zeros(len(boxes), bool),
        difficult=difficult,
        areas=(boxes[:, 2:] - boxes[:, :2]).prod(axis=1),
    )
