"""Prepared images that stay the bytes they were prepared from until somebody reads their values.

A float32 input is four times as large as its pixels, and a copy of it for each part of the data
is as much again. `Pixels` stands where an array [n, *shape] stands; parts share its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

#: Values that are there at once where samples are taken block by block: 16 MB of float32.
BLOCK = 1 << 22


class Form(Protocol):
    """How bytes become values: of `decoding.preparation` and of a classifier's preprocessing."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image's values."""
        ...

    @property
    def dtype(self) -> str:
        """Of the values."""
        ...

    def values(self, part: Any, corner: tuple[int, int]) -> Any:
        """[*shape] of uint8[height, width, channels] that lies at (top, left)."""
        ...


@dataclass(frozen=True, eq=False)
class Pixels(NDArrayOperatorsMixin):
    """[n, *inner]: as an array, but a slice or a choice of samples copies nothing.

    What an array has and this has not is asked of all values at once, which then are in memory:
    go through large data by `blocks`.

    Attributes:
        form: how the bytes become values. stored: uint8[m, rows, columns, channels].
        boxes: int[m, 4], the part of each that is image: top, left, height, width.
        rows: int[n], which of the m. inner: the shape of a sample, `form.shape` but for axes of 1.
    """

    form: Form
    stored: np.ndarray
    boxes: np.ndarray
    rows: np.ndarray
    inner: tuple[int, ...]

    @classmethod
    def of(cls, form: Form, size: tuple[int, int], channels: int, count: int) -> Pixels:
        """Room for so many images of (rows, columns)."""
        stored = np.zeros((count, *size, channels), np.uint8)
        boxes = np.zeros((count, 4), np.int32)
        return cls(form, stored, boxes, np.arange(count), tuple(form.shape))

    def put(self, number: int, part: np.ndarray, corner: tuple[int, int]) -> None:
        """Keep an image: uint8[height, width, channels], which lies at (top, left)."""
        top, left, height, width = *corner, *part.shape[:2]
        self.stored[number, top : top + height, left : left + width] = part
        self.boxes[number] = top, left, height, width

    def shaped(self, inner: tuple[int, ...]) -> Pixels:
        """The same samples with other axes of 1."""
        return replace(self, inner=inner)

    def joined(self, other: Pixels) -> Pixels | None:
        """These samples, then those of another; None where they are not prepared alike."""
        if self.form != other.form or self.inner != other.inner:
            return None
        stored, boxes = (
            np.concatenate([mine[self.rows], theirs[other.rows]])
            for mine, theirs in ((self.stored, other.stored), (self.boxes, other.boxes))
        )
        return replace(self, stored=stored, boxes=boxes, rows=np.arange(len(stored)))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.form.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.rows), *self.inner)

    @property
    def ndim(self) -> int:
        return 1 + len(self.inner)

    @property
    def size(self) -> int:
        """Values of all samples."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int | np.integer):
            return self._values(int(self.rows[key]))
        if isinstance(key, slice | list | range) or getattr(key, "ndim", 0) == 1:
            return replace(self, rows=self.rows[key])
        return np.asarray(self)[key]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self._values(int(row)) for row in self.rows)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = np.empty(self.shape, self.dtype)
        for i, row in enumerate(self.rows):
            found[i] = self._values(int(row))
        return found if dtype is None else found.astype(dtype, copy=False)

    def __array_ufunc__(self, ufunc: Any, method: str, *given: Any, **how: Any) -> Any:
        arrays = [np.asarray(one) if isinstance(one, Pixels) else one for one in given]
        return getattr(ufunc, method)(*arrays, **how)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(name)
        return getattr(np.asarray(self), name)

    def _values(self, row: int) -> np.ndarray:
        top, left, height, width = (int(n) for n in self.boxes[row])
        part = self.stored[row, top : top + height, left : left + width]
        values: np.ndarray = self.form.values(part, (top, left))
        return values.reshape(self.inner)


def blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """[n, ...] in pieces of samples, each as an array; those of an array are views.

    Args:
        array: an array, or `Pixels` in the place of one.
    """
    each = max(1, int(np.prod(array.shape[1:])))
    count = max(1, BLOCK // each)
    for first in range(0, len(array), count):
        yield np.asarray(array[first : first + count])


def joined(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Samples of two, one after the other; of `Pixels` that are prepared alike as `Pixels`."""
    if isinstance(first, Pixels) and isinstance(second, Pixels):
        found: Any = first.joined(second)
        if found is not None:
            return found
    return np.concatenate([first, second])


def encoded(array: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """What a function of samples [k, ...] makes of all of them, block by block."""
    made = [change(block) for block in blocks(array)]
    return made[0] if len(made) == 1 else np.concatenate(made)


def save(
    path: Path, array: np.ndarray, change: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> None:
    """Write what a function of samples makes of them, as `numpy.save` would, block by block.

    Raises:
        OSError: it cannot be written.
    """
    if not len(array):
        np.save(path, change(np.asarray(array)))
        return
    with path.open("wb") as file:
        for number, block in enumerate(blocks(array)):
            made = np.ascontiguousarray(change(block))
            if number == 0:
                about = {
                    "descr": np.lib.format.dtype_to_descr(made.dtype),
                    "fortran_order": False,
                    "shape": (len(array), *made.shape[1:]),
                }
                np.lib.format.write_array_header_1_0(file, about)
            file.write(made.reshape(-1).view(np.uint8).data)
