"""Random samples of the right kind, where there is no data: they time a model, and score none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import Parts

#: What `--data` says.
WORD = "random"
ORIGIN = "random inputs"
#: Samples of each part: few are enough to compare answers, and none of them is scored.
CALIBRATE, CHOOSE, CONFIRM = 6, 8, 2
COUNT = CALIBRATE + CHOOSE + CONFIRM

_IMAGE = 4  # axes


@dataclass(frozen=True)
class Kind:
    """One input: its fixed shape, and what it may hold.

    Attributes:
        dtype: a numpy name. rows: (least, largest) number, where it chooses rows of a table.
    """

    dtype: str
    shape: tuple[int, ...]
    rows: tuple[int, int] | None = None


def is_asked(data: Any) -> bool:
    """Whether a call's data is the word for random inputs."""
    return isinstance(data, str) and data == WORD


def made(kinds: Mapping[str, Kind], count: int = COUNT, seed: int = 0) -> Samples:
    """Samples [count, *shape] of each input.

    Rows within their table; images and other bytes over their whole range; other whole numbers 0
    or 1; floats of an image from 0 to 1, other floats normal (mean 0, deviation 1).
    """
    rng = np.random.default_rng(seed)
    inputs = {name: _values(kind, count, rng) for name, kind in kinds.items()}
    return Samples(inputs=inputs, origin=ORIGIN)


def cautious(kinds: Mapping[str, Kind], count: int, seed: int = 0) -> Samples:
    """Samples that fit every table, before its rows are known: from 0 to 1, whole ones 0 or 1."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for name, kind in kinds.items():
        dtype, shape = np.dtype(kind.dtype), (count, *kind.shape)
        whole = dtype.kind in "biu"
        values = rng.integers(0, 2, shape) if whole else rng.random(shape)
        inputs[name] = values.astype(dtype)
    return Samples(inputs=inputs, origin=ORIGIN)


def parts(samples: Samples) -> Parts:
    """Divided as they come: equal ones may be in two parts, since nothing is scored."""
    ends = np.cumsum([CALIBRATE, CHOOSE, CONFIRM])
    calibrate, choose, confirm = (
        samples.take(np.arange(end - size, end))
        for end, size in zip(ends, (CALIBRATE, CHOOSE, CONFIRM), strict=True)
    )
    return Parts(calibrate=calibrate, choose=choose, confirm=confirm)


def words(kinds: Mapping[str, Kind]) -> Sequence[str]:
    """What each input holds: "ids: whole numbers from 0 to 30521"."""
    return [f"{name}: {_word(kind)}" for name, kind in kinds.items()]


def _values(kind: Kind, count: int, rng: np.random.Generator) -> np.ndarray:
    dtype, shape = np.dtype(kind.dtype), (count, *kind.shape)
    if kind.rows is not None:
        return rng.integers(kind.rows[0], kind.rows[1] + 1, shape).astype(dtype)
    if _is_byte(dtype):
        ends = np.iinfo(dtype)
        return rng.integers(ends.min, ends.max + 1, shape).astype(dtype)
    if dtype.kind in "biu":
        return rng.integers(0, 2, shape).astype(dtype)
    image = len(kind.shape) == _IMAGE
    return (rng.random(shape) if image else rng.normal(size=shape)).astype(dtype)


def _is_byte(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "iu" and dtype.itemsize == 1


def _word(kind: Kind) -> str:
    dtype = np.dtype(kind.dtype)
    if kind.rows is not None:
        return f"whole numbers from {kind.rows[0]} to {kind.rows[1]}"
    if _is_byte(dtype):
        return f"whole numbers from {np.iinfo(dtype).min} to {np.iinfo(dtype).max}"
    if dtype.kind in "biu":
        return "0 or 1"
    return "from 0 to 1" if len(kind.shape) == _IMAGE else "normal, around 0"
