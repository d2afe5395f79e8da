"""The structure of a model: its graph and its shapes, without the numbers that training finds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.domain.model import Value
from edgeopt.sources import costs

if TYPE_CHECKING:
    import onnx

#: Integers in a graph say how it is built (axes, shapes, nodes of trees) as far as they are few.
_FEW_INTEGERS = 4096


class StructureRequest(Value, kw_only=True, frozen=True):
    """To find the structure of an ONNX file."""

    onnx: str


class Structure(Value, kw_only=True, frozen=True):
    """What was found.

    Attributes:
        id: two files of one id differ in floats alone (weights, thresholds, constants) and in what
            things are called.
        multiply_adds: as `domain.inspection.Costs`; parameters: numbers in the weights.
        uncounted: operators that have none of a known number.
    """

    id: str
    multiply_adds: int
    parameters: int
    uncounted: tuple[str, ...] = ()


def find(request: StructureRequest) -> Structure:
    """The structure of a file.

    Raises:
        Exception: it is no ONNX model.
    """
    import onnx

    path = Path(request.onnx)
    model = onnx.load(str(path), load_external_data=False)
    counted = costs.count(path)
    return Structure(
        id=_digest(model),
        multiply_adds=counted.multiply_adds,
        parameters=counted.parameters,
        uncounted=counted.uncounted,
    )


def _digest(model: onnx.ModelProto) -> str:
    """Neither names nor an order that nothing depends on count: two exports may differ in both."""
    return _graph(model.graph, {})[:16]


def _graph(graph: onnx.GraphProto, outer: dict[str, str]) -> str:
    """Of what its values are made of, from the inputs on.

    Args:
        outer: digests of the values of the graphs around it, by their names.
    """
    known = {**outer, "": _said("none")}
    inputs = [_value(value) for value in graph.input]
    weights = [_said("weight", *_tensor(one)) for one in graph.initializer]
    known |= dict(zip([value.name for value in graph.input], inputs, strict=True))
    known |= dict(zip([one.name for one in graph.initializer], weights, strict=True))
    nodes = []
    for node in graph.node:  # ONNX has them in an order in which each comes after what it reads
        attributes = [
            (one.name, one.type, *_attribute(one, known))
            for one in sorted(node.attribute, key=lambda one: one.name)
        ]
        made = [known.get(name, _said("unknown")) for name in node.input]
        nodes.append(_said("node", node.domain, node.op_type, made, attributes))
        known |= {name: _said(nodes[-1], place) for place, name in enumerate(node.output) if name}
    outputs = [(known.get(value.name, ""), _value(value)) for value in graph.output]
    return _said(sorted(inputs), sorted(weights), sorted(nodes), sorted(outputs))


def _value(value: onnx.ValueInfoProto) -> str:
    """Of an input or an output: its kind and its shape."""
    kind = value.type.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim]
    return _said("value", kind.elem_type, dims)


def _said(*words: object) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()


def _tensor(tensor: onnx.TensorProto) -> tuple[object, ...]:
    """Its shape and kind; of few integers the values, too."""
    import onnx

    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16)
    external = tensor.data_location == onnx.TensorProto.EXTERNAL
    said: tuple[object, ...] = (tensor.data_type, tuple(tensor.dims))
    if tensor.data_type in floats or external:
        return said
    array = onnx.numpy_helper.to_array(tensor)
    return (*said, array.tolist()) if array.size <= _FEW_INTEGERS else said


def _attribute(one: onnx.AttributeProto, known: dict[str, str]) -> tuple[object, ...]:
    """What is no float: a float's place alone."""
    if one.type in (one.FLOAT, one.FLOATS):
        return (len(one.floats),)
    if one.type == one.TENSOR:
        return _tensor(one.t)
    if one.type == one.GRAPH:
        return (_graph(one.g, known),)
    return (one.i, one.s, tuple(one.ints), tuple(one.strings))
