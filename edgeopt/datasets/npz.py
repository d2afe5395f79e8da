"""`.npz` files: one array for each model input by name, plus optional `labels` and `groups`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from edgeopt.datasets.samples import Samples, from_arrays
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk
from edgeopt.runtimes import npz
from edgeopt.runtimes.fitting import Unfit


def load_npz(path: Path, input_names: Collection[str], columns: Collection[str] = ()) -> Samples:
    """The samples of an `.npz`, with these columns. Nothing in it is unpickled.

    Raises:
        BadInput: the file is missing, is no `.npz`, is damaged or holds Python objects.
    """
    return from_arrays(read(path), input_names, str(path), columns)


def require(path: Path) -> None:
    """Refuse what plainly is no `.npz`, without reading it.

    Raises:
        BadInput: it is missing, no file, or no archive.
    """
    if on_disk.kind(path) == "nothing":
        raise BadInput(f"{on_disk.shown(path)}: no such file", on_disk.near(path))
    try:
        npz.require(path)
    except Unfit as error:
        raise BadInput(str(error), error.hint) from error


def read(path: Path) -> dict[str, np.ndarray]:
    """Every array of an `.npz`, by name.

    Raises:
        BadInput: as `load_npz`.
    """
    require(path)
    try:
        arrays: dict[str, np.ndarray] = npz.read(path)
    except Unfit as error:
        raise BadInput(str(error), error.hint) from error
    return arrays
