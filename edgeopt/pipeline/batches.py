"""The source with several samples at once: what the user's numbers of a batch are made from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.tensor import TensorSpec
from edgeopt.pipeline.call import Call
from edgeopt.sources.load import prepare
from edgeopt.sources.source import Inspected, Source

_HINT = "Export the model with an open batch dimension, or leave --batch out."


def sources(
    call: Call,
    inspected: Inspected,
    fixed: Mapping[str, tuple[int, ...]],
    source: Source,
    work: Path,
    progress: Listener,
) -> dict[int, Source]:
    """Batch -> the source that takes so many samples at once; {} where none was asked for.

    Args:
        fixed: the shapes that one sample has. source: with those.

    Raises:
        BadInput: its batch is fixed, or its outputs do not grow with it.
    """
    wanted = [count for count in call.batches if count > 1]
    if not wanted:
        return {}
    _require_open(inspected, fixed, source)
    found = {}
    for count in wanted:
        progress(f"preparing {call.model.name} for batches of {count}")
        shapes = {name: (count, *shape[1:]) for name, shape in fixed.items()}
        folder = work / f"batch-{count}"
        folder.mkdir()
        log = work / "source.log"
        made = prepare(inspected, shapes, None, folder, log, call.source_timeout_s)
        _require_grown(source, made, count)
        found[count] = made
    return found


def _require_open(
    inspected: Inspected, fixed: Mapping[str, tuple[int, ...]], source: Source
) -> None:
    """Raises BadInput."""
    if source.states:
        raise BadInput(
            "--batch does not go with a model that has a memory: its steps follow each other.",
            "Leave --batch out.",
        )
    for spec in inspected.inputs:
        first = spec.shape[0] if spec.shape else None
        if not isinstance(first, str) or fixed[spec.name][0] != 1:
            found = "no batch" if first is None else f"a batch of {first}"
            raise BadInput(f"--batch: input {spec.name!r} has {found} in the file.", _HINT)


def _require_grown(source: Source, made: Source, count: int) -> None:
    """Raises BadInput."""
    for one, many in zip(source.outputs, made.outputs, strict=True):
        if many.sizes != (count * one.sizes[0], *one.sizes[1:]) if one.sizes else True:
            raise BadInput(
                f"--batch {count}: the output {one.name} has the shape {many.sizes}, and "
                f"{one.sizes} for one sample.",
                _HINT,
            )


def facts(source: SourceFacts, count: int) -> SourceFacts:
    """What is known of a source, as the one that takes so many samples at once."""
    return msgspec.structs.replace(
        source, inputs=_grown(source.inputs, count), outputs=_grown(source.outputs, count)
    )


def _grown(specs: tuple[TensorSpec, ...], count: int) -> tuple[TensorSpec, ...]:
    return tuple(
        msgspec.structs.replace(spec, shape=(count * spec.sizes[0], *spec.sizes[1:]))
        for spec in specs
    )
