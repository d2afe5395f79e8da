"""Data as the user names it, to samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeopt.datasets import annotated_images, npz, task_labels
from edgeopt.datasets.annotated_images import Said
from edgeopt.datasets.function import is_reference, load_function, meant, resolve
from edgeopt.datasets.image_files import found_in
from edgeopt.datasets.image_folder import EXAMPLE, Preprocessing, load_image_folder
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.datasets.samples import Samples, from_arrays, require_arrays
from edgeopt.datasets.task_data import JUDGED, TaskData
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

KINDS = (
    "Data is an .npz file, a folder of images, or module:function; of tasks of images also a COCO "
    ".json, a data.yaml, a folder of VOC's .xml, or a .tsv of lines."
)
NO_TASK = TaskData()


def load(
    data: str | Path | Mapping[str, Any],
    input_names: Sequence[str],
    preprocessing: Said = None,
    columns: Sequence[str] = (),
    of: TaskData = NO_TASK,
) -> Samples:
    """The samples that `data` names, as they are: `check` fits them to the model.

    Args:
        data: an `.npz` file, a folder of images, `module:function`, annotated images
            (`annotated_images`), or arrays by name.
        input_names: the model's inputs.
        preprocessing: what is done to images; only images need it.
        columns: names of arrays to slice by, taken where the data has them.
        of: what is said of the task.

    Raises:
        BadInput: it is none of these or cannot be read.
    """
    return task_labels.settled(_read(data, input_names, preprocessing, columns, of), of)


def _read(
    data: str | Path | Mapping[str, Any],
    input_names: Sequence[str],
    preprocessing: Said,
    columns: Sequence[str],
    of: TaskData,
) -> Samples:
    if isinstance(data, Mapping):
        return from_arrays(data, input_names, "the given arrays", columns)
    path = Path(data)
    kind = annotated_images.kind_of(path, preprocessing, of)
    if kind is not None:
        return annotated_images.load(path, kind, preprocessing, of)
    if on_disk.kind(path) == "folder":
        return _load_images(path, input_names, preprocessing)
    require(data, preprocessing, of)
    if path.suffix == ".npz":
        return npz.load_npz(path, input_names, columns)
    return load_function(str(data), input_names, columns)


def require(
    data: str | Path | Mapping[str, Any] | None,
    preprocessing: Said = None,
    of: TaskData = NO_TASK,
) -> None:
    """Refuse data that is not there, or of no kind, without reading it.

    Raises:
        BadInput: as `load`, as far as that shows without the model.
    """
    if data is None:
        return
    require_given(data)
    task_labels.require(of)
    if isinstance(data, Mapping):
        _require_idle("the given arrays", None, of)
        return
    path = Path(data)
    kind = annotated_images.kind_of(path, preprocessing, of)
    _require_idle(on_disk.shown(path), kind, of)
    if kind is not None:
        annotated_images.require(path, kind, preprocessing, of)
    elif (found := on_disk.kind(path)) == "folder":
        _preprocessing(path, preprocessing)
        found_in(path)
    elif path.suffix == ".npz":
        npz.require(path)
    elif is_reference(str(data)):
        resolve(str(data))
    elif found == "nothing":
        hint = meant(str(data)) or f"{KINDS} {on_disk.near(path)}".rstrip()
        raise BadInput(f"{on_disk.shown(str(data))}: no such file or folder", hint)
    else:
        raise BadInput(f"{path}: data of an unknown kind", KINDS)


def require_given(data: Any) -> None:
    """Refuse what names no data and holds none, before it is looked for, hashed or sampled.

    Raises:
        BadInput: it is no text, no path and no arrays by name, or an array is none.
    """
    if isinstance(data, Mapping):
        require_arrays(data)
    elif not isinstance(data, str | Path):
        found = "nothing" if data is None else f"of the type {type(data).__name__}"
        raise BadInput(
            f"the data is {found}, and arrays by name or a path are wanted.",
            'Give {"NAME OF THE INPUT": array, "labels": array}, or the path of a file or folder.',
        )


def _require_idle(shown: str, kind: annotated_images.Kind | None, of: TaskData) -> None:
    """Refuse options that say something of another kind of data than is judged."""
    if of.part not in JUDGED:
        return
    said = of.task
    if said.images and kind not in ("coco", "voc", "lines", "sounds"):
        raise BadInput(
            f"--images names the folder that annotations start from, and {shown} holds no such "
            "annotations.",
            "It goes with a COCO .json, a folder of VOC's .xml, or a .tsv of lines.",
        )
    if said.masks and kind != "masks":
        raise BadInput(
            f"--masks names the truths of a folder of photos, and {shown} is none.",
            "Give the folder of the photos with --data.",
        )


def _load_images(folder: Path, input_names: Sequence[str], preprocessing: Said) -> Samples:
    """A folder of images, for a model with one input."""
    if len(input_names) != 1:
        raise BadInput(
            f"{folder}: a folder of images feeds one input, but the model has {len(input_names)}",
            "Give an .npz or module:function with an array for each input.",
        )
    return load_image_folder(folder, input_names[0], _preprocessing(folder, preprocessing))


def _preprocessing(folder: Path, said: Said) -> Preprocessing:
    assert not isinstance(said, PreparationAsked)  # of which all images are `annotated_images`
    if said is None:
        raise BadInput(
            f"{folder}: images need a preprocessing, the same as in training",
            f"Add --preprocess {EXAMPLE}",
        )
    return said
