"""One sample of each of the data's arrays, for modules that are exported with an example."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.datasets import npz
from edgeopt.datasets.samples import GROUPS, LABELS


def write_example(data: str | Path | Mapping[str, Any], folder: Path) -> str:
    """An .npz with [1, *shape] of each array; "" where the data tells no arrays by name.

    Floats become 32-bit and whole numbers 64-bit, as PyTorch's usual ones are.

    Raises:
        BadInput: a file cannot be read.
    """
    arrays = _arrays(data)
    if not arrays:
        return ""
    first = {name: _usual(np.asarray(array)[:1]) for name, array in arrays.items()}
    path = folder / "example.npz"
    np.savez(path, **first)  # type: ignore[arg-type]
    return str(path)


def _arrays(data: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(data, Mapping):
        found: dict[str, Any] = dict(data)
    elif Path(data).suffix == ".npz" and Path(data).is_file():
        found = npz.read(Path(data))
    else:
        return {}
    kinds = "biuf"
    return {
        name: array
        for name, array in found.items()
        if name not in (LABELS, GROUPS) and np.asarray(array).dtype.kind in kinds
    }


def _usual(array: np.ndarray) -> np.ndarray:
    kind = array.dtype.kind
    if kind == "f":
        return array.astype(np.float32)
    return array.astype(np.int64) if kind in "iu" and array.dtype != np.uint8 else array
