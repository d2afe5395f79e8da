"""LiteRT files that others wrote, in the form that AI Edge Quantizer works on.

It knows operators by a field that older files leave empty, calibrates by signature, and sees
no constant behind a 16-bit weight, which a DEQUANTIZE operator widens when the file is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def write(source: Path, target: Path) -> None:
    """Write a file that computes the same, with 32-bit weights, a signature and new codes."""
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(source))
    for code in model.operatorCodes:
        code.builtinCode = max(code.builtinCode, code.deprecatedBuiltinCode)
    for graph in model.subgraphs:
        _widen(model, graph, schema)
    if not model.signatureDefs:
        model.signatureDefs = [_signature(model.subgraphs[0], schema)]
    flatbuffer_utils.write_model(model, str(target))


def _signature(graph: Any, schema: Any) -> Any:
    """A signature with the tensors' own names."""
    made = schema.SignatureDefT()
    made.signatureKey, made.subgraphIndex = b"serving_default", 0
    made.inputs = [_tensor_map(graph, index, schema) for index in graph.inputs]
    made.outputs = [_tensor_map(graph, index, schema) for index in graph.outputs]
    return made


def _tensor_map(graph: Any, index: int, schema: Any) -> Any:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = graph.tensors[index].name, int(index)
    return entry


def _widen(model: Any, graph: Any, schema: Any) -> None:
    kept, unread = [], set()
    for operator in graph.operators:
        if _is_widening(model, graph, operator, schema):
            _replace(model, graph, operator, schema)
            unread.add(int(operator.inputs[0]))
        else:
            kept.append(operator)
    graph.operators = kept
    remove(model, graph, unread)


def _is_widening(model: Any, graph: Any, operator: Any, schema: Any) -> bool:
    kind = model.operatorCodes[operator.opcodeIndex].builtinCode
    if kind != schema.BuiltinOperator.DEQUANTIZE:
        return False
    tensor = graph.tensors[operator.inputs[0]]
    data = model.buffers[tensor.buffer].data
    # A sparse weight is packed; it is not touched.
    return (
        tensor.type == schema.TensorType.FLOAT16
        and tensor.sparsity is None
        and data is not None
        and len(data) > 0
    )


def _replace(model: Any, graph: Any, operator: Any, schema: Any) -> None:
    narrow = graph.tensors[operator.inputs[0]]
    wide = graph.tensors[operator.outputs[0]]
    half = np.asarray(model.buffers[narrow.buffer].data, np.uint8).view(np.float16)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(half.astype(np.float32).tobytes(), np.uint8)
    wide.buffer = len(model.buffers)
    model.buffers.append(buffer)
    model.buffers[narrow.buffer].data = None


def remove(model: Any, graph: Any, unread: set[int]) -> None:
    """Take tensors out that no operator reads: calibration asks each for its values."""
    stay = [i for i in range(len(graph.tensors)) if i not in unread]
    place = {old: new for new, old in enumerate(stay)} | {-1: -1}
    graph.tensors = [graph.tensors[i] for i in stay]
    graph.inputs, graph.outputs = _moved(graph.inputs, place), _moved(graph.outputs, place)
    for operator in graph.operators:
        operator.inputs = _moved(operator.inputs, place)
        operator.outputs = _moved(operator.outputs, place)
        operator.intermediates = _moved(operator.intermediates, place)
    if graph is model.subgraphs[0]:
        for signature in model.signatureDefs or []:
            for entry in (*signature.inputs, *signature.outputs):
                entry.tensorIndex = place[entry.tensorIndex]


def _moved(indices: Any, place: dict[int, int]) -> list[int] | None:
    return None if indices is None else [place[int(index)] for index in indices]
