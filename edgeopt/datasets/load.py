"""Data as the user names it, to samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeopt.datasets.function import is_reference, load_function
from edgeopt.datasets.image_folder import EXAMPLE, Preprocessing, load_image_folder
from edgeopt.datasets.npz import load_npz
from edgeopt.datasets.samples import Samples, from_arrays
from edgeopt.domain.errors import BadInput

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
    if path.is_dir():
        return _load_images(path, input_names, preprocessing)
    if path.suffix == ".npz":
        return load_npz(path, input_names, columns)
    if is_reference(str(data)):
        return load_function(str(data), input_names, columns)
    if not path.exists():
        raise BadInput(f"{path}: no such file or folder", KINDS)
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
    if preprocessing is None:
        raise BadInput(
            f"{folder}: images need a preprocessing, the same as in training",
            f"Add --preprocess {EXAMPLE}",
        )
    return load_image_folder(folder, input_names[0], preprocessing)
