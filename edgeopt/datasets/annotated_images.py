"""Images of tasks as samples: annotated in a file or folder of some format, or photos alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgeopt.datasets import image_input, image_memory, sound_lines
from edgeopt.datasets.annotations import coco, data_yaml, masks, text_lines, upright, voc, yolo
from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.datasets.classified_images import ClassifiedImages, classified
from edgeopt.datasets.image_files import SUFFIXES, found_in
from edgeopt.datasets.image_folder import Preprocessing, rgb
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.pixels import Pixels
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.task_data import JUDGED, TaskData
from edgeopt.decoding import size_inputs
from edgeopt.decoding.placement import NoPlacement, Placement
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

Kind = Literal["coco", "data.yaml", "voc", "masks", "lines", "sounds", "photos"]
Said = Preprocessing | PreparationAsked | None

#: What a file of annotations is, by its suffix.
BY_SUFFIX: dict[str, Kind] = {
    ".json": "coco",
    ".yaml": "data.yaml",
    ".yml": "data.yaml",
    ".tsv": "lines",
}
#: The part of a data.yaml that each part of a call is.
YOLO_PARTS = {"data": "val", "calibration": "train", "confirm": "test", "train": "train"}


def kind_of(path: Path, said: Said, of: TaskData) -> Kind | None:
    """The format of annotated data, or of photos for a task; None: it is neither.

    Raises:
        BadInput: nobody can tell what lies there, or it is the folder of a data.yaml.
    """
    if on_disk.kind(path) != "folder":
        text = path.suffix.lower() == ".txt" and (of.task.alphabet or of.task.task == "ctc")
        kind = "lines" if text else BY_SUFFIX.get(path.suffix.lower())
        return "sounds" if kind == "lines" and sound_lines.are_sounds(path) else kind
    if of.task.masks and of.part in JUDGED:
        return "masks"
    _refuse_layout(path)
    if isinstance(said, Preprocessing) and not of.of_images:
        return None
    if _holds(path, (".xml",)):
        return "voc"
    of_task = of.of_images or of.like or isinstance(said, PreparationAsked)
    return "photos" if of_task else None


def _refuse_layout(folder: Path) -> None:
    """Refuse the folder of Ultralytics' layout: its folders of images are no classes."""
    file = folder / image_input.ITS_LAYOUT
    if on_disk.kind(file) == "file" and not _holds(folder, SUFFIXES):
        raise BadInput(
            f"{on_disk.shown(folder)} holds a data.yaml, and its folders are no classes.",
            f"Give the file itself: --data {on_disk.shown(file)}",
        )


def _holds(folder: Path, suffixes: tuple[str, ...]) -> bool:
    try:
        return any(one.suffix.lower() in suffixes for one in folder.iterdir())
    except OSError as error:
        raise on_disk.cannot(folder, "read", error) from error


def require(path: Path, kind: Kind, said: Said, of: TaskData) -> None:
    """Refuse what cannot be read, without the model and before an image is decoded.

    Raises:
        BadInput: a file or folder is missing, an option is missing or does not fit the data, or
            nothing says how images are prepared.
    """
    if on_disk.kind(path) == "nothing":
        raise BadInput(f"{on_disk.shown(path)}: no such file or folder", on_disk.near(path))
    if kind != "sounds":
        image_input.require_way(
            _asked(said, path), of.task.head, of.like or kind, on_disk.shown(path)
        )
    if of.task.images:
        _require_folder(Path(of.task.images), "--images")
    if kind == "coco":
        _images(path, of)
    elif kind == "data.yaml":
        data_yaml.read(path)
    elif kind == "masks":
        _require_folder(Path(of.task.masks), "--masks")
    elif kind in ("lines", "sounds"):
        _letters(path, of)
    elif kind == "photos":
        found_in(path)


def _asked(said: Said, path: Path) -> PreparationAsked | None:
    """What is said in the form of tasks."""
    if isinstance(said, Preprocessing):
        raise BadInput(
            f"{path}: the preprocessing says how a classifier's images are cut, but not how an "
            "image lies in this model's input.",
            "Add way= to --preprocess: letterbox, corner, stretch, crop or line.",
        )
    return said


def _require_folder(folder: Path, option: str) -> None:
    found = on_disk.kind(folder)
    if found == "file":
        raise BadInput(
            f"{option} {on_disk.shown(folder)} is a file, not a folder.", "Give its folder."
        )
    if found == "nothing":
        raise BadInput(f"{option} {on_disk.shown(folder)}: no such folder", on_disk.near(folder))


def _images(path: Path, of: TaskData) -> Path:
    """The folder that a COCO file's names start from: the one that is named, else its own.

    Raises:
        BadInput: nothing is said, and no image lies beside the file.
    """
    if of.task.images:
        return Path(of.task.images)
    if not _holds(path.parent, SUFFIXES):
        raise BadInput(
            f"{on_disk.shown(path)}: the folder of its images is not known, and no image lies "
            "beside it.",
            "Add --images FOLDER, from which the names in the file start.",
        )
    return path.parent


def _letters(path: Path, of: TaskData) -> tuple[str, ...]:
    if of.task.alphabet:
        return text_lines.read_alphabet(Path(of.task.alphabet))
    if ":" in of.task.task:
        return ()
    raise BadInput(
        f"{on_disk.shown(path)}: lines of text need the letters that the model's classes stand "
        "for.",
        "Add --alphabet FILE: a letter a line, in the order of the classes, without the blank.",
    )


def load(path: Path, kind: Kind, said: Said, of: TaskData) -> Samples:
    """The images as the model takes them, with what is marked on them.

    Raises:
        BadInput: as `require`; the model has several inputs or takes no images; something that is
            marked is wrong, or an image cannot be read or prepared; more than memory holds.
        NotInstalled: Pillow or PyYAML is missing.
    """
    require(path, kind, said, of)
    if kind == "sounds":
        folder = Path(of.task.images) if of.task.images else path.parent
        return sound_lines.load(path, folder, _letters(path, of), of.specs)
    told = [spec for spec in of.specs if size_inputs.known(spec.name, spec.shape or ())]
    fed = [spec for spec in of.specs if spec not in told]
    if len(fed) != 1:
        raise BadInput(
            f"{path}: images feed one input, but the model has {len(fed)}",
            "Give an .npz or module:function with an array for each input.",
        )
    given = image_input.of(fed[0])
    preparation = image_input.settled(
        given, _asked(said, path), of.task.head, of.like or kind, on_disk.shown(path)
    )
    found, labels = _read(path, kind, of)
    _require_names(found, of)
    images, places = _prepared(found, preparation)
    marked = labels is None and of.may_be_marked
    marks: MarkedImages | ClassifiedImages | None = None
    if marked:
        marks = MarkedImages(found, places, preparation)
    elif kind == "photos":
        each = None if labels is None else [int(label) for label in labels]
        marks = classified(found.images, each, preparation)
    inputs = {given.name: images}
    for spec in told:  # every image is as large as the input: `placements` take boxes back
        size = size_inputs.value(spec.name, preparation.size, spec.dtype or "float32")
        inputs[spec.name] = np.tile(size, (len(images), 1))
    return Samples(inputs, labels, None, str(path), marks=marks)


def _read(path: Path, kind: Kind, of: TaskData) -> tuple[Annotated, np.ndarray | None]:
    """What is marked, and the classes of photos in class folders."""
    images = Path(of.task.images) if of.task.images else None
    if kind == "coco":
        return coco.read(path, _images(path, of)), None
    if kind == "data.yaml":
        return yolo.read(path, YOLO_PARTS[of.part]), None
    if kind == "voc":
        return voc.read(path, images, of.names), None
    if kind == "masks":
        return masks.read(path, Path(of.task.masks)), None
    if kind == "lines":
        found = text_lines.read(path, images or path.parent)
        if letters := _letters(path, of):
            text_lines.require_letters(found.texts or (), letters, str(path))
        return found, None
    return _photos(path, of)


def _photos(folder: Path, of: TaskData) -> tuple[Annotated, np.ndarray | None]:
    """Photos alone, judged by agreement; in class folders for what is no task of images."""
    paths, labels = found_in(folder)
    if not paths:
        raise BadInput(f"{folder}: no images", f"Looked for {' '.join(SUFFIXES)}.")
    if labels is not None and of.of_images:
        raise BadInput(
            f"{folder}: holds folders of classes, which say nothing of boxes, masks or text.",
            "Give a folder that holds the photos themselves, or a file of annotations.",
        )
    found = Annotated(tuple(paths), upright.sizes_of(tuple(paths)), origin=str(folder))
    return found, None if labels is None else np.array(labels, np.int64)


def _require_names(found: Annotated, of: TaskData) -> None:
    """Refuse a part whose classes are other than those of --data."""
    if not of.names or not found.names or found.names == of.names:
        return
    both = zip(found.names, of.names, strict=False)
    at = next((i for i, (own, other) in enumerate(both) if own != other), len(of.names))
    if at < min(len(found.names), len(of.names)):
        how = f"class {at} is {found.names[at]}, but in --data it is {of.names[at]}"
    else:
        how = f"it has {len(found.names)} classes, but --data has {len(of.names)}"
    raise BadInput(f"{found.origin}: {how}.", "Give both the same classes in the same order.")


def _prepared(
    found: Annotated, preparation: Preparation
) -> tuple[np.ndarray, tuple[Placement, ...]]:
    """[n, *the input's shape] as `Pixels`, and how each image lies in it."""
    rows, columns = (int(side) for side in preparation.size)
    image_memory.require(found.origin, len(found), (rows, columns), preparation.channels)
    kept: Any = Pixels.of(preparation, (rows, columns), preparation.channels, len(found))
    places = []
    for i, path in enumerate(found.images):
        part, corner, place = _pasted(preparation, path)
        kept.put(i, part, corner)
        places.append(place)
    return kept, tuple(places)


def _pasted(preparation: Preparation, path: Path) -> tuple[np.ndarray, tuple[int, int], Placement]:
    with upright.open_image(path) as image:
        try:
            part, corner, place = preparation.pasted(rgb(image))
        except NoPlacement as error:
            raise BadInput(
                f"{path}: {error}.",
                "Leave it out, or fit all of it: --preprocess way=letterbox.",
            ) from error
        except (OSError, ValueError, MemoryError) as error:
            raise BadInput(
                f"{path}: cannot be prepared as RGB: {error}", "Save it as 8-bit RGB."
            ) from error
    return part, corner, place
