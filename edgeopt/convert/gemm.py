"""Products with constant weights as Gemm: what LiteRT's FULLY_CONNECTED is made from.

onnx2tf makes a BATCH_MATMUL of every MatMul. LiteRT's integer kernel of that takes no scales
by channel (it answers zeros), its weights cannot be 16-bit floats, and it is slower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx


def from_matmul(model: onnx.ModelProto) -> None:
    """Turn each MatMul by a constant matrix into Gemm, in place; its bias, too, where it has one.

    Args:
        model: with fixed shapes; where one is not known, the MatMul stays.
    """
    from onnx import shape_inference

    graph = model.graph
    shapes = _shapes(shape_inference.infer_shapes(model, data_prop=True).graph)
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    turned = _turned(graph, weights)
    readers = _readers(graph)
    nodes: list[onnx.NodeProto] = []
    gone: set[str] = set()
    for node in graph.node:
        if node.output[0] in gone:
            continue
        rows = shapes.get(node.input[0]) if node.op_type == "MatMul" else None
        matrix = {**weights, **turned}.get(node.input[1], ()) if rows is not None else ()
        if rows is None or len(rows) < 2 or len(matrix) != 2:
            nodes.append(node)
            continue
        bias = _bias(node, readers, weights, matrix[1])
        if bias is not None:
            gone.add(bias.output[0])
        nodes += _gemm(graph, node, bias, rows, matrix[1])
    del graph.node[:]
    graph.node.extend(nodes)
    _read_turned(graph, turned)


def _turned(
    graph: onnx.GraphProto, weights: dict[str, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """Constant matrices that a Transpose turns: a table that is read once more, as weights."""
    return {
        node.output[0]: weights[node.input[0]][::-1]
        for node in graph.node
        if node.op_type == "Transpose" and len(weights.get(node.input[0], ())) == 2
        if [list(a.ints) for a in node.attribute if a.name == "perm"] in ([], [[1, 0]])
    }


def _read_turned(graph: onnx.GraphProto, turned: dict[str, tuple[int, ...]]) -> None:
    """Let Gemm turn such a matrix itself, so that the file has it once."""
    from onnx import helper

    origin = {n.output[0]: n.input[0] for n in graph.node if n.output[0] in turned}
    for node in graph.node:
        if node.op_type == "Gemm" and node.input[1] in origin and not node.attribute:
            node.input[1] = origin[node.input[1]]
            node.attribute.append(helper.make_attribute("transB", 1))
    readers = _readers(graph)
    kept = [n for n in graph.node if n.output[0] not in turned or readers.get(n.output[0])]
    del graph.node[:]
    graph.node.extend(kept)


def _shapes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """Shapes of the values whose dimensions are all known."""
    return {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for value in (*graph.input, *graph.value_info, *graph.output)
        if all(dim.dim_value > 0 for dim in value.type.tensor_type.shape.dim)
    }


def _readers(graph: onnx.GraphProto) -> dict[str, list[onnx.NodeProto | None]]:
    """Who reads a value; None stands for the outside and for subgraphs."""
    found: dict[str, list[onnx.NodeProto | None]] = {value.name: [None] for value in graph.output}
    for node in graph.node:
        for name in node.input:
            found.setdefault(name, []).append(node)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                inner = [name for inside in attribute.g.node for name in inside.input]
                for name in inner:
                    found.setdefault(name, []).append(None)
    return found


def _bias(
    node: onnx.NodeProto,
    readers: dict[str, list[onnx.NodeProto | None]],
    weights: dict[str, tuple[int, ...]],
    width: int,
) -> onnx.NodeProto | None:
    """The Add of a constant vector that alone reads a product, or None."""
    [reader, *others] = readers.get(node.output[0], [None])
    if reader is None or others or reader.op_type != "Add":
        return None
    return reader if any(weights.get(name) == (width,) for name in reader.input) else None


def _gemm(
    graph: onnx.GraphProto,
    node: onnx.NodeProto,
    bias: onnx.NodeProto | None,
    rows: tuple[int, ...],
    width: int,
) -> list[onnx.NodeProto]:
    from onnx import helper

    added = [name for name in bias.input if name != node.output[0]] if bias is not None else []
    output = (bias or node).output[0]
    if len(rows) == 2:
        return [helper.make_node("Gemm", [*node.input, *added], [output], node.name)]
    flat, product = f"{output}/rows", f"{output}/product"
    return [
        _reshape(graph, node.input[0], flat, (-1, rows[-1])),
        helper.make_node("Gemm", [flat, node.input[1], *added], [product], node.name),
        _reshape(graph, product, output, (*rows[:-1], width)),
    ]


def _reshape(
    graph: onnx.GraphProto, value: str, output: str, shape: tuple[int, ...]
) -> onnx.NodeProto:
    from onnx import helper, numpy_helper

    name = f"{output}/shape"
    graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), name))
    return helper.make_node("Reshape", [value, name], [output], output)
