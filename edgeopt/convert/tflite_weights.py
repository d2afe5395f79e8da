"""A LiteRT file's constants: each stored once, and in half precision all of them that can be."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert import tflite_whole

#: Constants of fewer bytes are left as they are: shapes, axes, single numbers.
SMALLEST = 4096

#: Operators that take what another one widened; others may want a constant (LSTM).
_TAKERS = (
    "ADD", "BATCH_MATMUL", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DIV",
    "EMBEDDING_LOOKUP", "FULLY_CONNECTED", "MAXIMUM", "MINIMUM", "MUL", "SUB",
)  # fmt: skip

#: A share of a file that is worth a note.
TOLD = 0.1


def share(path: Path) -> None:
    """Let tensors with the same content read one buffer, in place: a table used twice is one."""
    if not _computes(path):
        return
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    first: dict[bytes, int] = {}
    same: dict[int, int] = {}
    for index, buffer in enumerate(model.buffers):
        if buffer.data is not None and len(buffer.data) >= SMALLEST:
            kept = first.setdefault(hashlib.sha256(bytes(buffer.data)).digest(), index)
            if kept != index:
                same[index] = kept
    if not same:
        return
    for graph in model.subgraphs:
        for tensor in graph.tensors:
            tensor.buffer = same.get(tensor.buffer, tensor.buffer)
    for index in same:
        model.buffers[index].data = None
    _write(model, path)


def _computes(path: Path) -> bool:
    """Whether each graph has an operator: LiteRT's reader takes no other, and nothing is to do."""
    from ai_edge_litert import schema_py_generated as schema

    root = schema.Model.GetRootAs(path.read_bytes(), 0)
    return all(root.Subgraphs(i).OperatorsLength() > 0 for i in range(root.SubgraphsLength()))


def halve(path: Path) -> None:
    """Store as 16-bit floats what a quantizer left in 32, in place: tables, and other constants.

    Rows of a table are widened once they are gathered; other constants by an operator of their
    own, which LiteRT runs once. Vectors stay (biases), and what does not fit (above 65504).
    """
    if not _computes(path):
        return
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    able: dict[int, list[bool]] = {}
    for graph in model.subgraphs:
        floats = dict(_float_constants(model, graph, schema))
        for index, tensor in enumerate(graph.tensors):
            can = index in floats and _can(model, graph, index, schema)
            able.setdefault(tensor.buffer, []).append(can)
    narrow = {i for i, each in able.items() if all(each) and _narrow(model.buffers[i])}
    for graph in model.subgraphs:
        _halve(model, graph, narrow, schema)
    if narrow:
        _write(model, path)


def floats_note(path: Path) -> tuple[str, ...]:
    """A note where a good part of the constants is 32-bit floats."""
    if not _computes(path):
        return ()
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    sizes = {i: len(b.data) for i, b in enumerate(model.buffers) if b.data is not None}
    wide = {
        tensor.buffer
        for graph in model.subgraphs
        for _, tensor in _float_constants(model, graph, schema)
    }
    left, whole = sum(sizes[i] for i in wide), sum(sizes.values())
    if left < TOLD * whole:
        return ()
    return (f"{left} of the {whole} bytes of its weights stay 32-bit floats",)


def _write(model: Any, path: Path) -> None:
    from ai_edge_litert.tools import flatbuffer_utils

    flatbuffer_utils.write_model(model, str(path))
    tflite_whole.write(path)  # aligned, which the writer above does not


def _can(model: Any, graph: Any, index: int, schema: Any) -> bool:
    """Whether a constant can be of 16 bits: a matrix that is read by what takes it widened."""
    readers = [op for op in graph.operators if index in _ints(op.inputs)]
    taken = all(
        _kind(model, op, schema) in _TAKERS or _gathers(model, op, index, schema) for op in readers
    )
    return taken and len(graph.tensors[index].shape) > 1 and index not in _ints(graph.outputs)


def _halve(model: Any, graph: Any, narrow: set[int], schema: Any) -> None:
    """Widen what operators of one subgraph read of such buffers."""
    operators = list(graph.operators)
    in_front, behind = [], {}
    for index, tensor in enumerate(list(graph.tensors)):
        if tensor.buffer not in narrow:
            continue
        readers = [op for op in operators if index in _ints(op.inputs)]
        tensor.type = schema.TensorType.FLOAT16
        for operator in readers:
            if _gathers(model, operator, index, schema):
                wide = int(operator.outputs[0])
                half = _tensor(graph, graph.tensors[wide], schema.TensorType.FLOAT16, schema)
                operator.outputs = [half]
                behind[id(operator)] = _widening(model, half, wide, schema)
        others = [op for op in readers if not _gathers(model, op, index, schema)]
        if others:
            wide = _tensor(graph, tensor, schema.TensorType.FLOAT32, schema)
            in_front.append(_widening(model, index, wide, schema))
        for operator in others:
            operator.inputs = [wide if i == index else i for i in _ints(operator.inputs)]
    graph.operators = in_front + [
        one
        for operator in operators
        for one in (operator, behind.get(id(operator)))
        if one is not None
    ]


def _float_constants(model: Any, graph: Any, schema: Any) -> Iterator[tuple[int, Any]]:
    for index, tensor in enumerate(graph.tensors):
        data = model.buffers[tensor.buffer].data
        large = data is not None and len(data) >= SMALLEST
        if large and tensor.type == schema.TensorType.FLOAT32 and tensor.sparsity is None:
            yield index, tensor


def _narrow(buffer: Any) -> bool:
    """16-bit floats in place of 32-bit ones; False where one of them does not fit."""
    wide = np.frombuffer(bytes(buffer.data), np.float32)
    with np.errstate(over="ignore"):
        half = wide.astype(np.float16)
    if not (np.isfinite(half) == np.isfinite(wide)).all():
        return False
    buffer.data = np.frombuffer(half.tobytes(), np.uint8)
    return True


def _gathers(model: Any, operator: Any, index: int, schema: Any) -> bool:
    """Whether an operator takes rows of a table."""
    return _kind(model, operator, schema) == "GATHER" and int(operator.inputs[0]) == index


def _kind(model: Any, operator: Any, schema: Any) -> str:
    code = model.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    names = {value: name for name, value in vars(schema.BuiltinOperator).items()}
    return str(names.get(number, ""))


def _tensor(graph: Any, like: Any, kind: int, schema: Any) -> int:
    """A value of the shape of another one, made by an operator; its place."""
    made = schema.TensorT()
    made.type, made.shape, made.shapeSignature = kind, like.shape, like.shapeSignature
    made.buffer = 0  # of no constant, by the format's own rule
    made.name = bytes(like.name or b"") + (b"/half" if kind else b"/wide")
    graph.tensors.append(made)
    return len(graph.tensors) - 1


def _widening(model: Any, half: int, wide: int, schema: Any) -> Any:
    """A DEQUANTIZE operator of 16-bit floats."""
    kind = schema.BuiltinOperator.DEQUANTIZE
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    if kind not in codes:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 3  # the one that reads 16-bit floats
        model.operatorCodes.append(code)
        codes.append(kind)
    made = schema.OperatorT()
    made.opcodeIndex = codes.index(kind)
    made.inputs, made.outputs = [half], [wide]
    return made


def _ints(indices: Any) -> list[int]:
    return [int(index) for index in indices]
