"""Half-precision ONNX (float16, bfloat16), widened to float32 once.

What a runtime makes of a float16 graph differs: one inserts casts, another refuses it, and a row
called fp32 would be the float16 graph. Every float16 and bfloat16 is a float32, so that widening
loses nothing; what is computed between them is rounded less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeopt.domain.errors import BadInput

if TYPE_CHECKING:
    import onnx

#: TensorProto.DataType: FLOAT, FLOAT16, BFLOAT16.
FLOAT, HALVES = 1, {10: "float16", 16: "bfloat16"}

#: What the user is told.
SAID = "the model's {} numbers are widened to float32 once; every row and score is of that form"

#: Attributes that name an element type.
_TYPED = ("to", "dtype", "output_dtype", "output_datatype", "softmax_precision")


def widened(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy in float32; the model itself where it has no half-precision number."""
    made = type(model)()
    made.CopyFrom(model)
    return made if widen(made) else model


def widen(model: onnx.ModelProto) -> str:
    """Make float32 of every half-precision number, in place.

    Returns:
        What was found ("float16"), "" where there is none.
    """
    found: set[str] = set()
    _graph(model.graph, found)
    for function in model.functions:
        _nodes(function.node, found)
    return " and ".join(sorted(found))


def floats(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A sample as a widened model takes it."""
    return {n: a.astype(np.float32) if a.dtype == np.float16 else a for n, a in arrays.items()}


def told(
    model: onnx.ModelProto,
    sample: Mapping[str, np.ndarray],
    wide: Sequence[np.ndarray],
    place: Path,
) -> list[str]:
    """What a user should know of a file that `widen` changed; [] where there was nothing to do.

    Args:
        model: as it was, with fixed shapes. sample: of float32.
        wide: what the widened form answers to it. place: a scratch folder.
    """
    copy = type(model)()
    copy.CopyFrom(model)
    found = widen(copy)
    if not found:
        return []
    said = SAID.format(found)
    own = _answers(model, sample, place / "half.onnx")
    if own is None:
        return [said]
    if not all(np.isfinite(array).all() for array in own if array.dtype.kind == "f"):
        return [f"{said}; in {found} its answers to the first sample are not all finite"]
    noise = sum(float(np.square(a.astype("f8") - b).sum()) for a, b in zip(own, wide, strict=True))
    power = sum(float(np.square(b.astype("f8")).sum()) for b in wide)
    if not noise or not power:
        return [said]
    away = 10 * np.log10(power / noise)
    return [f"{said}, {away:.0f} dB from its answers in {found} to the first sample"]


def _answers(
    model: onnx.ModelProto, sample: Mapping[str, np.ndarray], path: Path
) -> list[np.ndarray] | None:
    """The file's own, None where ONNX Runtime has no kernels for it (bfloat16)."""
    from edgeopt.sources import canonical_onnx

    kinds = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    fed = {n: a.astype("f2") if kinds.get(n) in HALVES else a for n, a in sample.items()}
    canonical_onnx.save(model, path)
    try:
        return canonical_onnx.answers(path, fed)[1]
    except BadInput:
        return None
    finally:
        path.unlink()


def _graph(graph: onnx.GraphProto, found: set[str]) -> None:
    for tensor in graph.initializer:
        _tensor(tensor, found)
    for value in (*graph.input, *graph.output, *graph.value_info):
        _type(value.type, found)
    _nodes(graph.node, found)


def _nodes(nodes: Any, found: set[str]) -> None:
    for node in nodes:
        for attribute in node.attribute:
            for tensor in (*([attribute.t] if attribute.HasField("t") else ()), *attribute.tensors):
                _tensor(tensor, found)
            if attribute.HasField("tp"):
                _type(attribute.tp, found)
            if attribute.name in _TYPED and attribute.i in HALVES:
                found.add(HALVES[attribute.i])
                attribute.i = FLOAT
            for inner in _graphs(attribute):
                _graph(inner, found)


def _graphs(attribute: onnx.AttributeProto) -> Iterator[onnx.GraphProto]:
    if attribute.HasField("g"):
        yield attribute.g
    yield from attribute.graphs


def _type(kind: onnx.TypeProto, found: set[str]) -> None:
    tensor = kind.tensor_type
    if kind.WhichOneof("value") == "tensor_type" and tensor.elem_type in HALVES:
        found.add(HALVES[tensor.elem_type])
        tensor.elem_type = FLOAT


def _tensor(tensor: onnx.TensorProto, found: set[str]) -> None:
    from onnx import numpy_helper

    if tensor.data_type not in HALVES:
        return
    found.add(HALVES[tensor.data_type])
    wide = numpy_helper.to_array(tensor).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(wide, tensor.name))
