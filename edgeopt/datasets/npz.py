"""`.npz` files: one array for each model input by name, plus optional `labels` and `groups`."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from edgeopt.datasets.samples import Samples, from_arrays
from edgeopt.domain.errors import BadInput

HINT = "Write one with numpy.savez(path, INPUT=array, labels=array)."


def load_npz(path: Path, input_names: Collection[str], columns: Collection[str] = ()) -> Samples:
    """The samples of an `.npz`, with these columns. Nothing in it is unpickled.

    Raises:
        BadInput: the file is missing, is no `.npz`, is cut short or holds Python objects.
    """
    try:
        arrays = _read(path)
    except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise BadInput(f"{path}: cannot be read as .npz: {_reason(error)}", HINT) from error
    return from_arrays(arrays, input_names, str(path), columns)


def _read(path: Path) -> dict[str, np.ndarray]:
    """Every array in the file."""
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("not a zip archive, or cut short")
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _reason(error: Exception) -> str:
    """One line of why."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if "allow_pickle" in str(error):
        return "it holds Python objects, which are not unpickled"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
