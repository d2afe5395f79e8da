"""Fixes open dimensions: batch to 1, the rest from what the user said or from the data."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeopt.domain.errors import BadInput
from edgeopt.domain.open_axis import Basis, OpenAxis, says_batch

Shape = tuple[int, ...]
#: numpy's largest number of dimensions less the one of samples; 8 GB of floats.
MAX_RANK, MAX_VALUES = 32, 2_000_000_000


def batch_symbols(shapes: Sequence[Sequence[int | str]]) -> set[str]:
    """Names of open dimensions that are the batch: those that stand first, or are called so."""
    first = {shape[0] for shape in shapes if shape and isinstance(shape[0], str)}
    called = {dim for shape in shapes for dim in shape if isinstance(dim, str) and says_batch(dim)}
    return first | called


def fix(
    name: str,
    shape: Sequence[int | str] | None,
    batch: set[str],
    said: Shape | None,
    seen: Shape | None,
) -> Shape:
    """The fixed shape of one input.

    Args:
        shape: as the file states it; None where it is silent.
        batch: names of open dimensions that become 1, where the data does not say otherwise.
        said: the shape that the user gave with `--shape`.
        seen: the shape of one sample in the data, with or without a batch axis of 1.

    Raises:
        BadInput: a dimension stays open, or `said` contradicts the file.
    """
    if said is not None:
        return said if shape is None else _agree(name, shape, said)
    if shape is None:
        return (1, *seen) if seen is not None else _open(name, "the shape")
    fixed = _aligned(shape, batch, seen)
    for dim, original in zip(fixed, shape, strict=True):
        if dim is None:
            _open(name, f"dimension {original!r}")
    return tuple(int(dim) for dim in fixed if dim is not None)


def require_size(name: str, shape: Shape) -> None:
    """Refuse an input of which no machine holds a sample.

    Raises:
        BadInput: too many dimensions or values.
    """
    values = math.prod(shape)
    if len(shape) > MAX_RANK or values > MAX_VALUES:
        dims = "x".join(map(str, shape))
        shown = dims if len(dims) <= 60 else f"{dims[:60]}..."
        raise BadInput(
            f"the input {name!r} of the model is {shown}: {len(shape)} dimensions, "
            f"{float(min(values, 10**300)):.3g} values.",
            f"An input has at most {MAX_RANK} dimensions and {MAX_VALUES:.0e} values.",
        )


def open_axes(
    name: str,
    shape: Sequence[int | str] | None,
    batch: set[str],
    said: Shape | None,
    seen: Shape | None,
) -> tuple[OpenAxis, ...]:
    """What `fix` fixes of one input, with what said so. None where the file is silent."""
    if shape is None:
        return ()
    fixed = fix(name, shape, batch, said, seen)
    full = seen is not None and len(seen) == len(shape)
    found = []
    for axis, (dim, size) in enumerate(zip(shape, fixed, strict=True)):
        if not isinstance(dim, str):
            continue
        one = size == 1 and (dim in batch or not full)
        basis: Basis = "said" if said is not None else "batch" if one else "data"
        found.append(OpenAxis(input=name, axis=axis, name=dim, size=size, basis=basis))
    return tuple(found)


def _aligned(shape: Sequence[int | str], batch: set[str], seen: Shape | None) -> list[int | None]:
    """The shape with its open dimensions as the data has them; None where nothing tells."""
    if seen is not None and len(seen) == len(shape):
        return [_beside(dim, batch, got) for dim, got in zip(shape, seen, strict=True)]
    ones = [1 if dim in batch else dim for dim in shape]
    if seen is not None and len(seen) == len(shape) - 1:
        for axis in _batch_axes(ones):  # the one that the samples come without
            full = [*seen[:axis], 1, *seen[axis:]]
            if all(d == got for d, got in zip(ones, full, strict=True) if isinstance(d, int)):
                return list(full)
        if ones and ones[0] == 1:  # of another size: `datasets.check` says so
            return [
                d if isinstance(d, int) else got for d, got in zip(ones, (1, *seen), strict=True)
            ]
    return [dim if isinstance(dim, int) else None for dim in ones]


def _beside(dim: int | str, batch: set[str], got: int) -> int:
    """A dimension beside that of a sample with all axes."""
    if isinstance(dim, int):
        return dim
    return 1 if dim in batch and says_batch(dim) else got


def _batch_axes(ones: Sequence[int | str]) -> list[int]:
    """Axes that may be the batch: those of 1 first, then the open ones."""
    known = [axis for axis, dim in enumerate(ones) if dim == 1]
    return known + [axis for axis, dim in enumerate(ones) if isinstance(dim, str)]


def _agree(name: str, shape: Sequence[int | str], said: Shape) -> Shape:
    fits = len(said) == len(shape) and all(
        isinstance(dim, str) or dim == got for dim, got in zip(shape, said, strict=True)
    )
    if not fits:
        stated = "x".join(str(dim) for dim in shape)
        got = "x".join(str(dim) for dim in said)
        raise BadInput(
            f"--shape {name}={got} does not fit the model, whose input {name!r} is {stated}.",
            "Give an integer for each dimension; only named dimensions may be chosen.",
        )
    return said


def _open(name: str, what: str) -> Shape:
    raise BadInput(
        f"the model leaves {what} of input {name!r} open, and nothing says what it should be.",
        f"Give it: --shape {name}=1x3x224x224 (with your numbers), or data with that input.",
    )
