"""Data as the user names it, to samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeopt.datasets import npz
from edgeopt.datasets.function import is_reference, load_function, meant, resolve
from edgeopt.datasets.image_files import found_in
from edgeopt.datasets.image_folder import EXAMPLE, Preprocessing, load_image_folder
from edgeopt.datasets.samples import Samples, from_arrays
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

KINDS = "Data is an .npz file, a folder of images, or module:function."


def load(
    data: str | Path | Mapping[str, Any],
    input_names: Sequence[str],
    preprocessing: Preprocessing | None = None,
    columns: Sequence[str] = (),
) -> Samples:
    """The samples that `data` names, as they are: `check` fits them to the model.

    Args:
        data: an `.npz` file, a folder of images, `module:function`, or arrays by name.
        input_names: the model's inputs.
        preprocessing: what is done to images; only a folder of images needs it.
        columns: names of arrays to slice by, taken where the data has them.

    Raises:
        BadInput: it is none of these or cannot be read.
    """
    if isinstance(data, Mapping):
        return from_arrays(data, input_names, "the given arrays", columns)
    path = Path(data)
    if on_disk.kind(path) == "folder":
        return _load_images(path, input_names, preprocessing)
    require(data, preprocessing)
    if path.suffix == ".npz":
        return npz.load_npz(path, input_names, columns)
    return load_function(str(data), input_names, columns)


def require(
    data: str | Path | Mapping[str, Any] | None, preprocessing: Preprocessing | None = None
) -> None:
    """Refuse data that is not there, or of no kind, without reading it.

    Raises:
        BadInput: as `load`, as far as that shows without the model.
    """
    if data is None or isinstance(data, Mapping):
        return
    path = Path(data)
    found = on_disk.kind(path)
    if found == "folder":
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


def _load_images(
    folder: Path, input_names: Sequence[str], preprocessing: Preprocessing | None
) -> Samples:
    """A folder of images, for a model with one input."""
    if len(input_names) != 1:
        raise BadInput(
            f"{folder}: a folder of images feeds one input, but the model has {len(input_names)}",
            "Give an .npz or module:function with an array for each input.",
        )
    return load_image_folder(folder, input_names[0], _preprocessing(folder, preprocessing))


def _preprocessing(folder: Path, said: Preprocessing | None) -> Preprocessing:
    if said is None:
        raise BadInput(
            f"{folder}: images need a preprocessing, the same as in training",
            f"Add --preprocess {EXAMPLE}",
        )
    return said
