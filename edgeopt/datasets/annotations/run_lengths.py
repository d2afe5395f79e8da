"""COCO's run-length outlines: runs of pixels down the columns, the first of background."""

from __future__ import annotations

import msgspec
import numpy as np


class _Written(msgspec.Struct, frozen=True):
    """`counts` as a list (uncompressed) or as text (compressed)."""

    size: tuple[int, int]
    counts: list[int] | str


def read(raw: bytes, size: tuple[int, int]) -> np.ndarray:
    """int64[r], lengths of runs that fill an image (height, width).

    Raises:
        ValueError: they do not; the message says why.
    """
    try:
        written = msgspec.json.decode(raw, type=_Written)
        told = written.counts
        counts = np.array(_expanded(told) if isinstance(told, str) else told, np.int64)
    except (msgspec.DecodeError, RecursionError, OverflowError) as error:
        raise ValueError("it is no run-length code with `size` and `counts`") from error
    height, width = size
    if written.size != size:
        rows, columns = written.size
        raise ValueError(
            f"it is of an image of {columns} x {rows}, and this has {width} x {height}"
        )
    if (counts < 0).any() or (counts > height * width).any() or counts.sum() != height * width:
        raise ValueError(f"its runs do not add up to {height * width} pixels")
    return counts


def _expanded(text: str) -> list[int]:
    """Of the compressed form: 5 bits a letter from "0" on, the lowest first, bit 5 for more to
    come; from the fourth run on the difference to the run two before (rleFrString of COCO's API,
    https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c).
    """
    counts: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        if not 0 <= bits < 64 or shift > 30:
            raise OverflowError(letter)
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:  # negative
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    if shift:
        raise OverflowError("it ends within a number")
    return counts
