"""Fixes open dimensions: batch to 1, the rest from what the user said or from the data."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.errors import BadInput

Shape = tuple[int, ...]


def batch_symbols(shapes: Sequence[Sequence[int | str]]) -> set[str]:
    """Names of open dimensions that stand first in some input: the batch."""
    return {shape[0] for shape in shapes if shape and isinstance(shape[0], str)}


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
        batch: names of open dimensions that become 1.
        said: the shape that the user gave with `--shape`.
        seen: the shape of one sample in the data, with or without a batch axis of 1.

    Raises:
        BadInput: a dimension stays open, or `said` contradicts the file.
    """
    if said is not None:
        return said if shape is None else _agree(name, shape, said)
    if shape is None:
        return (1, *seen) if seen is not None else _open(name, "the shape")
    ones = [1 if dim in batch else dim for dim in shape]
    guess = _aligned(ones, seen)
    fixed = [dim if isinstance(dim, int) else got for dim, got in zip(ones, guess, strict=True)]
    for dim, original in zip(fixed, shape, strict=True):
        if dim is None:
            _open(name, f"dimension {original!r}")
    return tuple(int(dim) for dim in fixed if dim is not None)


def _aligned(shape: list[int | str], seen: Shape | None) -> list[int | None]:
    """The data's dimensions laid beside the model's; None where there are none."""
    if seen is not None and len(seen) == len(shape):
        return list(seen)
    if seen is not None and len(seen) == len(shape) - 1 and shape[0] == 1:
        return [1, *seen]
    return [None] * len(shape)


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
