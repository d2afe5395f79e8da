"""Weights that a model uses twice, stored once: tools that fold constants write each use out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

#: Smaller ones are not worth a node.
SMALLEST_BYTES = 4096


def tie(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose equal initializers are one, and a turned matrix a Transpose of the other.

    Runtimes fold that Transpose when they open the file; it costs the file nothing.
    """
    from onnx import helper, numpy_helper

    tied = type(model)()
    tied.CopyFrom(model)
    graph = tied.graph
    first: dict[tuple[object, ...], str] = {}
    same: dict[str, str] = {}
    turned: dict[str, str] = {}
    shown = {value.name for value in graph.output}
    for tensor in graph.initializer:
        if len(tensor.raw_data) < SMALLEST_BYTES or tensor.name in shown:
            continue
        array = numpy_helper.to_array(tensor)
        kept = first.get(_content(array), "")
        other = first.get(_content(array.T), "") if array.ndim == 2 else ""
        if kept:
            same[tensor.name] = kept
        elif other:
            turned[tensor.name] = other
        else:
            first[_content(array)] = tensor.name
    stay = [t for t in graph.initializer if t.name not in same and t.name not in turned]
    nodes = list(graph.node)
    for node in nodes:
        _rename(node, same)
    transposes = [
        helper.make_node("Transpose", [kept], [name], f"{name}/turned", perm=[1, 0])
        for name, kept in turned.items()
    ]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(stay)
    graph.node.extend([*transposes, *nodes])
    return tied


def untie(model: onnx.ModelProto) -> onnx.ModelProto:
    """Make initializers of turned ones, in place: for tools that look at weights alone."""
    from onnx import numpy_helper

    graph = model.graph
    arrays = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type != "Transpose" or node.input[0] not in arrays:
            nodes.append(node)
            continue
        axes = next((list(a.ints) for a in node.attribute if a.name == "perm"), None)
        turned = np.transpose(numpy_helper.to_array(arrays[node.input[0]]), axes)
        graph.initializer.append(
            numpy_helper.from_array(np.ascontiguousarray(turned), node.output[0])
        )
    del graph.node[:]
    graph.node.extend(nodes)
    read = {name for node in nodes for name in node.input} | {v.name for v in graph.output}
    inner = [a.g for node in nodes for a in node.attribute if a.HasField("g")]
    if not inner:  # subgraphs may read what no node here does
        stay = [tensor for tensor in graph.initializer if tensor.name in read]
        del graph.initializer[:]
        graph.initializer.extend(stay)
    return model


def _content(array: np.ndarray) -> tuple[object, ...]:
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).digest()
    return (array.dtype.str, array.shape, digest)


def _rename(node: onnx.NodeProto, names: dict[str, str]) -> None:
    """Read other initializers, inside a node's subgraphs, too."""
    node.input[:] = [names.get(name, name) for name in node.input]
    for attribute in node.attribute:
        for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
            for one in inner.node:
                _rename(one, names)
