"""LiteRT files with packed sparse weights, unpacked for readers that know dense ones only.

The packing is that of https://arxiv.org/abs/1703.08975 (TACO), as tflite/schema/schema.fbs has it:
levels in an order of traversal, each dense or compressed; blocks are levels of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

_DENSE = 0  # schema.fbs: DimensionType


def dense(path: Path, target: Path) -> Path:
    """Write `target` with every weight unpacked; returns it, or `path` where none is packed."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    packed = [
        (graph, tensor)
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.sparsity is not None
    ]
    if not packed:
        return path
    for _, tensor in packed:
        _unpack(model, tensor, schema)
    for graph in model.subgraphs:
        _without_densify(model, graph, schema)
    flatbuffer_utils.write_model(model, str(target))
    return target


def _unpack(model: Any, tensor: Any, schema: Any) -> None:
    kind = _KINDS[tensor.type]
    values = np.asarray(model.buffers[tensor.buffer].data, np.uint8).view(kind)
    buffer = schema.BufferT()
    made = unpacked(values, tuple(int(dim) for dim in tensor.shape), tensor.sparsity)
    buffer.data = np.frombuffer(made.tobytes(), np.uint8)
    tensor.buffer = len(model.buffers)
    model.buffers.append(buffer)
    tensor.sparsity = None


#: schema.fbs: TensorType.
_KINDS = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 7: np.int16, 9: np.int8}


def unpacked(values: np.ndarray, shape: tuple[int, ...], sparsity: Any) -> np.ndarray:
    """The dense array of packed values.

    Args:
        values: [n] as stored. sparsity: SparsityParameters of the schema.
    """
    order = [int(axis) for axis in sparsity.traversalOrder]
    block_map = [] if sparsity.blockMap is None else [int(axis) for axis in sparsity.blockMap]
    at = np.zeros(1, np.int64)  # where in the level above
    indices: dict[int, np.ndarray] = {}
    for axis, level in zip(order, sparsity.dimMetadata, strict=True):
        if level.format == _DENSE:
            size = int(level.denseSize)
            copies, own = np.full(len(at), size), np.tile(np.arange(size), len(at))
            at_next = np.repeat(at * size, size) + own
        else:
            ends = np.asarray(level.arraySegments.values, np.int64)
            first, copies = ends[at], ends[at + 1] - ends[at]
            within = np.arange(int(copies.sum())) - np.repeat(np.cumsum(copies) - copies, copies)
            at_next = np.repeat(first, copies) + within
            own = np.asarray(level.arrayIndices.values, np.int64)[at_next]
        indices = {known: np.repeat(index, copies) for known, index in indices.items()}
        indices[axis], at = own, at_next
    place = [indices[axis] for axis in range(len(shape))]
    for number, axis in enumerate(block_map):
        block = order.index(len(shape) + number)
        size = int(sparsity.dimMetadata[block].denseSize)
        place[axis] = place[axis] * size + indices[len(shape) + number]
    made = np.zeros(shape, values.dtype)
    made[tuple(place)] = values
    return made


def _without_densify(model: Any, graph: Any, schema: Any) -> None:
    """Give what DENSIFY makes the unpacked values, and take the operator out."""
    kept = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        if kind == schema.BuiltinOperator.DENSIFY:
            source = graph.tensors[operator.inputs[0]]
            graph.tensors[operator.outputs[0]].buffer = source.buffer
        else:
            kept.append(operator)
    graph.operators = kept
