"""Samples: what is fed to a model, what is known of it, and where it came from."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from edgeopt.datasets.pixels import blocks
from edgeopt.domain.errors import BadInput

LABELS = "labels"
GROUPS = "groups"


class Marks(Protocol):
    """What is known of samples and is no array: boxes, masks, how each image was placed."""

    def __len__(self) -> int:
        """n, one entry a sample."""
        ...

    def take(self, indices: Any) -> Marks:
        """Those of the samples at `indices`, in that order."""
        ...

    def sha256(self) -> str:
        """Identity of the content."""
        ...


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of a model's inputs. Every array's leading axis is the sample.

    Attributes:
        inputs: input name -> [n, ...], an array or `Pixels`. labels: [n, ...] or None.
        groups: [n], or None; samples of one group (crops of one photo, windows of one
            recording) are not independent and never land in two parts.
        columns: name -> [n]: what is known of each sample besides, to slice scores by.
        origin: where they come from, for messages.
        numbers: [n], each sample's number in what it was divided from; None: as they stand.
        marks: what a task judges by, or None.
        steps: of each sample where it is a sequence (`sequences`), 0 where it is none.
        rate: values a second where samples are sounds of files, else 0.
        sizes: [n], the size of the axis that stays open at which each is fed; None: there is none.
    """

    inputs: dict[str, np.ndarray]
    labels: np.ndarray | None = None
    groups: np.ndarray | None = None
    origin: str = "the given arrays"
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    numbers: np.ndarray | None = None
    marks: Marks | None = None
    steps: int = 0
    rate: int = 0
    sizes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def take(self, indices: Any) -> Samples:
        """The samples at `indices`, in that order."""
        return replace(
            self,
            inputs={name: array[indices] for name, array in self.inputs.items()},
            labels=None if self.labels is None else self.labels[indices],
            groups=None if self.groups is None else self.groups[indices],
            columns={name: array[indices] for name, array in self.columns.items()},
            numbers=(np.arange(len(self)) if self.numbers is None else self.numbers)[indices],
            marks=None if self.marks is None else self.marks.take(indices),
            sizes=None if self.sizes is None else self.sizes[indices],
        )

    def sha256(self) -> str:
        """Identity of the content: names, element types, shapes and values."""
        digest = hashlib.sha256()
        named: list[tuple[str, np.ndarray | None]] = [(LABELS, self.labels), (GROUPS, self.groups)]
        named += [("input " + name, self.inputs[name]) for name in sorted(self.inputs)]
        named += [("column " + name, self.columns[name]) for name in sorted(self.columns)]
        for name, array in named:
            if array is not None:
                digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
                for block in blocks(array):
                    digest.update(_as_bytes(block).data)
        if self.marks is not None:
            digest.update(f"marks {self.marks.sha256()};".encode())
        return digest.hexdigest()

    def row_hashes(self) -> list[bytes]:
        """One hash for each sample's inputs: equal where the model would see the same.

        Comparable between files only after `check`, which gives both the same element types.
        """
        found = [hashlib.blake2b(digest_size=16) for _ in range(len(self))]
        for name in sorted(self.inputs):
            rows = itertools.chain.from_iterable(map(_as_bytes, blocks(self.inputs[name])))
            for digest, row in zip(found, rows, strict=True):
                digest.update(row.data)
        return [digest.digest() for digest in found]


def from_arrays(
    arrays: Mapping[str, Any],
    input_names: Collection[str],
    origin: str,
    columns: Collection[str] = (),
) -> Samples:
    """Samples from arrays by name.

    Args:
        arrays: one array for each model input, plus "labels" and "groups" where there are any.
        input_names: the model's inputs; an input named "labels" or "groups" is an input.
        columns: names of arrays that are no inputs, taken where they are there.

    Raises:
        BadInput: something is no array of numbers or text, or has no sample axis.
    """
    reserved = {LABELS, GROUPS, *columns} - set(input_names)
    found = {str(name): _array(value, str(name), origin) for name, value in arrays.items()}
    inputs = {name: array for name, array in found.items() if name not in reserved}
    if not inputs:
        raise BadInput(
            f"{origin}: no input arrays",
            f"Give one array for each input of the model: {', '.join(input_names)}.",
        )
    return Samples(
        inputs=inputs,
        labels=found.get(LABELS) if LABELS in reserved else None,
        groups=found.get(GROUPS) if GROUPS in reserved else None,
        origin=origin,
        columns={name: found[name] for name in columns if name in found and name in reserved},
    )


def require_arrays(arrays: Mapping[Any, Any], origin: str = "the given arrays") -> None:
    """Refuse what is no arrays by name, before anything is done with them.

    Raises:
        BadInput: a name is no text; a value is as `from_arrays` refuses.
    """
    for name, value in arrays.items():
        if not isinstance(name, str):
            raise BadInput(
                f"{origin}: the name {f'{name!r}'[:60]} is no text.",
                'Each array has the name of an input, or is "labels" or "groups".',
            )
        _array(value, name, origin)


def _array(value: Any, name: str, origin: str) -> np.ndarray:
    """`value` as an array with a sample axis."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadInput(f"{origin}: '{name}' is no array: {error}") from error
    if array.dtype.hasobject:
        raise BadInput(
            f"{origin}: '{name}' holds Python objects, not numbers",
            "Rows of different lengths make such an array; pad them to one shape.",
        )
    if array.ndim == 0:
        raise BadInput(
            f"{origin}: '{name}' is a single value, without an axis for the samples",
            "The first axis of every array counts the samples.",
        )
    return array


def _as_bytes(array: np.ndarray) -> np.ndarray:
    """[n, bytes of one sample], uint8."""
    flat = np.ascontiguousarray(array).reshape(len(array), -1)
    return flat.view(np.uint8)
