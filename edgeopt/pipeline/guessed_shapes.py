"""Shapes of inputs where no data says them: axes that are open are guessed, and that is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeopt.domain.open_axis import OpenAxis
from edgeopt.sources import shapes
from edgeopt.sources.source import Inspected, OpenSpec

#: What an open axis is fixed to where nothing says it: sides of a photo, and other lengths.
SIDE, LENGTH = 224, 64


def guessed(found: Inspected, said: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """The shape of each input, as it is said or stated; the batch is 1.

    Args:
        said: shapes of inputs, as `--shape` gives them.

    Raises:
        BadInput: a shape of the file is silent, or one that is said does not fit.
    """
    return {spec.name: _shape(spec, found, said.get(spec.name)) for spec in found.inputs}


def _shape(spec: OpenSpec, found: Inspected, said: tuple[int, ...] | None) -> tuple[int, ...]:
    batch = shapes.batch_symbols([one.shape for one in found.inputs if one.shape])
    guess = said
    if said is None and spec.shape is not None:
        usual = SIDE if len(spec.shape) == len("nchw") else LENGTH
        guess = tuple(
            dim if isinstance(dim, int) else 1 if dim in batch else usual for dim in spec.shape
        )
    fixed = shapes.fix(spec.name, spec.shape, batch, guess, None)
    shapes.require_size(spec.name, fixed)
    return fixed


def guessed_axes(
    found: Inspected,
    fixed: Mapping[str, tuple[int, ...]],
    said: Mapping[str, tuple[int, ...]],
) -> Iterator[OpenAxis]:
    """Axes that were guessed; the batch is 1 in all that is made."""
    batch = shapes.batch_symbols([spec.shape for spec in found.inputs if spec.shape])
    for spec in found.inputs:
        for axis in shapes.open_axes(spec.name, spec.shape, batch, fixed[spec.name], None):
            if axis.name not in batch and spec.name not in said:
                yield axis
