"""What one call of an ONNX model costs: parameters, multiply-adds, memory of activations."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.domain.inspection import Costs

if TYPE_CHECKING:
    import onnx

Shapes = dict[str, tuple[int, ...]]

_CONV = ("Conv", "ConvInteger", "QLinearConv")
_PRODUCTS = ("MatMul", "MatMulInteger", "QLinearMatMul", "Gemm")
_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
#: Where the weights of integer forms stand among the inputs; else second.
_WEIGHTS = {"QLinearConv": 3, "QLinearMatMul": 3}


def count(path: Path) -> Costs:
    """The costs of the main graph; weights in other files are not read.

    Args:
        path: an ONNX model with fixed shapes.

    Raises:
        Exception: the file is no ONNX model.
    """
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    shaped = onnx.shape_inference.infer_shapes(model)
    weights = {one.name: one for one in model.graph.initializer}
    shapes, widths = _known(shaped)
    uncounted: list[str] = []
    of: dict[str, int] = {}
    for node in model.graph.node:
        done = multiply_adds(node, shapes)
        of[node.op_type] = of.get(node.op_type, 0) + (done or 0)
        if done is None:
            uncounted.append(node.op_type)
    return Costs(
        parameters=sum(math.prod(one.dims) for one in weights.values()),
        weight_bytes=sum(
            math.ceil(math.prod(w.dims) * _width(w.data_type)) for w in weights.values()
        ),
        multiply_adds=sum(of.values()),
        activation_bytes=_peak(model.graph, shapes, widths, set(weights)),
        uncounted=tuple(dict.fromkeys(uncounted)),
        convolutions=sum(of.get(kind, 0) for kind in (*_CONV, "ConvTranspose")),
        recurrent=sum(of.get(kind, 0) for kind in _GATES),
    )


def _width(kind: int) -> float:
    """Bytes of one element."""
    import onnx

    try:
        return float(onnx.helper.tensor_dtype_to_np_dtype(kind).itemsize)
    except (KeyError, TypeError):
        return 1.0


def shapes_of(model: onnx.ModelProto) -> Shapes:
    """The shapes that are fixed, by tensor."""
    return _known(model)[0]


def _known(model: onnx.ModelProto) -> tuple[Shapes, dict[str, float]]:
    """The shapes that are fixed, and bytes an element, by tensor."""
    graph, shapes, widths = model.graph, Shapes(), {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        dims = kind.shape.dim
        if kind.HasField("shape") and all(dim.HasField("dim_value") for dim in dims):
            shapes[value.name] = tuple(dim.dim_value for dim in dims)
            widths[value.name] = _width(kind.elem_type)
    shapes.update({one.name: tuple(one.dims) for one in graph.initializer})
    return shapes, widths


def multiply_adds(node: onnx.NodeProto, shapes: Shapes) -> int | None:
    """Of one operator; 0 of one that has none; None where it cannot be told."""
    import onnx

    kind = node.op_type
    if any(
        one.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS)
        for one in node.attribute
    ):
        return None
    if kind not in (*_CONV, "ConvTranspose", *_PRODUCTS, *_GATES):
        return 0
    weight = shapes.get(node.input[_WEIGHTS.get(kind, 1)])
    first, result = shapes.get(node.input[0]), shapes.get(node.output[0] or node.output[-1])
    if weight is None or first is None or (result is None and kind not in _GATES):
        return None
    if kind in _GATES:  # [steps, batch, input] with [directions, gates * hidden, input]
        hidden = weight[1] // _GATES[kind]
        return math.prod(first[:2]) * weight[0] * weight[1] * (weight[2] + hidden)
    assert result is not None
    if kind == "ConvTranspose":
        return math.prod(first) * math.prod(weight[1:])
    return math.prod(result) * (math.prod(weight[1:]) if kind in _CONV else _depth(node, first))


def _depth(node: onnx.NodeProto, first: tuple[int, ...]) -> int:
    """How many products are added for each number of a matrix product."""
    turned = any(one.name == "transA" and one.i for one in node.attribute)
    return first[0 if turned else -1]


def _peak(
    graph: onnx.GraphProto, shapes: Shapes, widths: dict[str, float], weights: set[str]
) -> int:
    """The largest sum of tensors that are alive at one time, in bytes."""
    size = {name: math.prod(shapes[name]) * width for name, width in widths.items()}
    last = {name: i for i, node in enumerate(graph.node) for name in node.input}
    last.update({value.name: len(graph.node) for value in graph.output})
    alive = {one.name for one in graph.input} - weights
    most = sum(size.get(name, 0.0) for name in alive)
    for i, node in enumerate(graph.node):
        alive |= set(node.output)
        most = max(most, sum(size.get(name, 0.0) for name in alive))
        alive = {name for name in alive if last.get(name, -1) > i}
    return round(most)
