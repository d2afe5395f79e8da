"""LiteRT files with MediaPipe's own Convolution2DTransposeBias, in operators that everyone has.

It is a transposed convolution with a bias: TRANSPOSE_CONV and ADD. Its options are TensorFlow
Lite's `TfLiteTransposeConvParams` as they lie in memory, and the size of what it gives is that of
`transpose_conv_bias.cc` in MediaPipe 0.10 (mediapipe/util/tflite/operations).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

NAME = b"Convolution2DTransposeBias"
NOTE = (
    "MediaPipe's operator Convolution2DTransposeBias is run as TRANSPOSE_CONV and ADD, which give "
    "the same"
)
_SAME, _VALID = 1, 2  # TfLitePadding


def standard(path: Path, target: Path) -> Path:
    """Write `target` without MediaPipe's operator; returns it, or `path` where none is there.

    One whose input has an open size, or whose options are not understood, is left as it is.
    """
    if NAME not in path.read_bytes():
        return path
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(path))
    for graph in model.subgraphs:
        found = [_translated(model, graph, operator, schema) for operator in graph.operators]
        graph.operators = [operator for operators in found for operator in operators]
    flatbuffer_utils.write_model(model, str(target))
    return target


def _translated(model: Any, graph: Any, operator: Any, schema: Any) -> list[Any]:
    if model.operatorCodes[operator.opcodeIndex].customCode != NAME:
        return [operator]
    image, kernel, bias = (graph.tensors[i] for i in operator.inputs)
    options = _options(operator.customOptions)
    if options is None or not (_is_known(image) and _is_known(kernel)) or bias.type != 0:
        return [operator]
    padding, *strides = options
    sizes = output_shape(image.shape, kernel.shape, strides, padding)
    between = _tensor(model, graph, schema, b"_without_bias", sizes, None)
    shape = np.array(sizes, np.int32)
    wanted = _tensor(model, graph, schema, b"_shape", (4,), shape)
    convolution = schema.TransposeConvOptionsT()
    convolution.padding = schema.Padding.SAME if padding == _SAME else schema.Padding.VALID
    convolution.strideH, convolution.strideW = strides
    return [
        _operator(
            model, schema, "TRANSPOSE_CONV", convolution,
            [wanted, operator.inputs[1], operator.inputs[0]], [between],
        ),
        _operator(
            model, schema, "ADD", schema.AddOptionsT(), [between, operator.inputs[2]],
            list(operator.outputs),
        ),
    ]  # fmt: skip


def _options(raw: Any) -> tuple[int, int, int] | None:
    """(padding, stride of rows, of columns); None: not understood."""
    packed = bytes(np.asarray(raw if raw is not None else [], np.uint8))
    if len(packed) < 12:
        return None
    padding, columns, rows = struct.unpack_from("<3i", packed)
    return (
        (padding, rows, columns) if padding in (_SAME, _VALID) and min(rows, columns) > 0 else None
    )


def _is_known(tensor: Any) -> bool:
    """Whether it is of 32-bit floats and four known sizes."""
    signature = () if tensor.shapeSignature is None else tensor.shapeSignature
    return tensor.type == 0 and len(tensor.shape) == 4 and min(*tensor.shape, *signature) > 0


def output_shape(
    image: Sequence[int], kernel: Sequence[int], strides: Sequence[int], padding: int
) -> tuple[int, int, int, int]:
    """What the operator gives: (n, rows, columns, channels).

    Args:
        image: (n, rows, columns, channels). kernel: (channels out, rows, columns, channels in).
        strides: of rows and columns. padding: 1 cuts what hangs over ("same"), 2 does not.
    """
    sides = []
    for size, side, stride in zip(image[1:3], kernel[1:3], strides, strict=True):
        cut = max(0, int(side) - (int(size) - 1) % stride - 1) if padding == _SAME else 0
        sides.append(stride * (int(size) - 1) + int(side) - cut)
    return int(image[0]), sides[0], sides[1], int(kernel[0])


def _tensor(
    model: Any, graph: Any, schema: Any, name: bytes, shape: Sequence[int], values: Any
) -> int:
    """The number of a new tensor: of 32-bit floats, or with the values of 32-bit integers."""
    buffer, tensor = schema.BufferT(), schema.TensorT()
    if values is not None:
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    tensor.name = name + str(len(graph.tensors)).encode()
    tensor.shape = np.array(shape, np.int32)
    tensor.type = schema.TensorType.FLOAT32 if values is None else schema.TensorType.INT32
    tensor.buffer = len(model.buffers)
    model.buffers.append(buffer)
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _operator(
    model: Any, schema: Any, name: str, options: Any, inputs: list[int], outputs: list[int]
) -> Any:
    code, operator = schema.OperatorCodeT(), schema.OperatorT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
    code.version = 1
    operator.opcodeIndex = len(model.operatorCodes)
    model.operatorCodes.append(code)
    operator.inputs, operator.outputs = inputs, outputs
    operator.builtinOptions = options
    known = {"TRANSPOSE_CONV": "TransposeConvOptions", "ADD": "AddOptions"}[name]
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, known)
    return operator
