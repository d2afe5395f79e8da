"""An ONNX model with one axis left open: asked at every stated size before it is converted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.sources import canonical_onnx
from edgeopt.sources.source import Source

if TYPE_CHECKING:
    import onnx

Arrays = dict[str, np.ndarray]


def kept_open(
    source: Source, fixed: onnx.ModelProto, kept: KeptAxis, sample: Arrays, folder: Path
) -> Source:
    """The source with its axis open: its reference, and the form that converters start from.

    Args:
        source, fixed: at the largest size. sample: one of each input, at that size.

    Raises:
        BadInput: it does not run at one of the sizes, or an output of integers grows with it.
    """
    opened = _opened(fixed, kept)
    reference, target = folder / "open-reference.onnx", folder / "open.onnx"
    canonical_onnx.save(opened, reference)
    asked = [(size, cut(sample, kept, size)) for size in kept.sizes]
    answered = [_answers(reference, size, given) for size, given in asked]
    names = [spec.name for spec in source.outputs]
    shapes = tuple(
        {name: tuple(array.shape) for name, array in zip(names, arrays, strict=True)}
        for arrays in answered
    )
    kept = msgspec.structs.replace(kept, shapes=shapes)
    _require_floats(source, kept)
    *others, (largest, expected) = zip([given for _, given in asked], answered, strict=True)
    notes = canonical_onnx.write(opened, target, largest, expected, others)
    return msgspec.structs.replace(
        source,
        kept=kept,
        open_onnx=str(target),
        reference_path=str(reference),
        notes=(*source.notes, *(f"with {kept.name} open, {note}" for note in notes)),
    )


def cut(sample: Arrays, kept: KeptAxis, size: int) -> Arrays:
    """The first `size` places of one sample of each input along the axis."""
    found = dict(sample)
    for name, axis in kept.places.items():
        found[name] = np.ascontiguousarray(sample[name][(slice(None),) * axis + (slice(size),)])
    return found


def _opened(fixed: onnx.ModelProto, kept: KeptAxis) -> onnx.ModelProto:
    import onnx

    opened = onnx.ModelProto()
    opened.CopyFrom(fixed)
    del opened.graph.value_info[:]
    for value in opened.graph.input:
        if value.name in kept.places:
            value.type.tensor_type.shape.dim[kept.places[value.name]].dim_param = kept.name
    for value in opened.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            dim.Clear()
    return opened


def _answers(reference: Path, size: int, sample: Arrays) -> list[np.ndarray]:
    try:
        return canonical_onnx.answers(reference, sample)[1]
    except BadInput as error:
        raise BadInput(
            f"at the size {size} of --open-axis {error.args[0]}",
            "State sizes that the model takes, such as multiples of its stride.",
        ) from error


def _require_floats(source: Source, kept: KeptAxis) -> None:
    """What is past the end of an answer is marked by infinity. Raises BadInput."""
    for spec in source.outputs:
        if spec.name in kept.growing and not spec.dtype.startswith("float"):
            raise BadInput(
                f"the output {spec.name} holds {spec.dtype} and grows with the open axis "
                f"{kept.name}: such answers are not scored.",
                "Export the scores that it is made from, or leave --open-axis out.",
            )
