"""An array that another machine wrote: read only where its file is what was announced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

HEADER_BYTES = 10_000  # the most that can stand before the values
NUMERIC = "biufc"
#: What numpy and Python's parser raise at a header that is none.
BROKEN = (
    ValueError,
    TypeError,
    SyntaxError,
    TokenError,
    RecursionError,
    MemoryError,
    OverflowError,
)


class NotAnnounced(ValueError):
    """The file is another one than was announced; says in what."""


def element(name: str) -> np.dtype[Any] | None:
    """The type of numbers of a name; None where it is none of numpy's."""
    try:
        dtype = np.dtype(name)
    except TypeError:
        return None
    return dtype if dtype.kind in NUMERIC else None


def most_bytes(dtype: np.dtype[Any], shape: Sequence[int]) -> int:
    """The largest file that holds such an array."""
    return HEADER_BYTES + math.prod(shape) * dtype.itemsize


def read(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray:
    """The array in a file.

    Nothing is taken into memory before the header and the size agree with what is expected.

    Raises:
        NotAnnounced: it holds something else.
    """
    with path.open("rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            header = np.lib.format.read_array_header_1_0
            if version != (1, 0):
                header = np.lib.format.read_array_header_2_0
            actual_shape, _, actual_dtype = header(file, max_header_size=HEADER_BYTES)
        except BROKEN:
            raise NotAnnounced("it is no array") from None
        if actual_dtype != dtype or actual_shape != shape:
            raise NotAnnounced(
                f"it holds {_words(actual_dtype, actual_shape)}, not {_words(dtype, shape)}"
            )
        missing = math.prod(shape) * dtype.itemsize - (path.stat().st_size - file.tell())
        if missing:
            more = "is too short" if missing > 0 else "is too long"
            raise NotAnnounced(f"it {more} by {abs(missing)} bytes")
    return np.asarray(np.load(path, allow_pickle=False))


def _words(dtype: np.dtype[Any], shape: Sequence[int]) -> str:
    return f"{dtype}[{', '.join(map(str, shape))}]"[:80]
