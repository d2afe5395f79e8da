"""The network of `network.py` for LiteRT: pointwise convolutions of [1, 16, 16, c]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert.roof import network

_ZERO = -128  # of activations behind a ReLU: all of int8 for what is not negative


def write(path: Path, *, quantized: bool) -> None:
    """Write it, in float32, or in int8 with a scale for each channel.

    Raises:
        ImportError: ai-edge-litert is missing.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    builder = flatbuffers.Builder(1 << 20)
    model = _Model(schema, quantized).built()
    builder.Finish(model.Pack(builder), b"TFL3")
    path.write_bytes(bytes(builder.Output()))


class _Model:
    def __init__(self, schema: Any, quantized: bool) -> None:
        self._schema, self._quantized = schema, quantized
        self._graph = schema.SubGraphT()
        self._graph.tensors, self._graph.operators = [], []
        self._buffers = [schema.BufferT()]  # the first one is empty by the format's rule

    def built(self) -> Any:
        schema = self._schema
        at = first = self._tensor("input", self._shape(network.FIRST), None)
        for number, weight in enumerate(network.weights()):
            at = self._convolution(number, weight, at)
        self._graph.inputs, self._graph.outputs = [first], [at]
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
        code.version = 3 if self._quantized else 1
        model = schema.ModelT()
        model.version, model.description = 3, "roof"
        model.operatorCodes, model.subgraphs = [code], [self._graph]
        model.buffers = self._buffers
        return model

    def _shape(self, channels: int) -> list[int]:
        return [1, network.SIDE, network.SIDE, channels]

    def _convolution(self, number: int, weight: np.ndarray, at: int) -> int:
        schema, channels = self._schema, len(weight)
        kernel = weight[:, None, None, :]
        bias = np.zeros(channels, np.int32 if self._quantized else np.float32)
        stored = network.integers(kernel) if self._quantized else kernel
        inputs = [
            at,
            self._tensor(f"w{number}", list(stored.shape), stored, network.WEIGHT_SCALE),
            self._tensor(
                f"b{number}", [channels], bias, network.WEIGHT_SCALE * network.ACTIVATION_SCALE
            ),
        ]
        options = schema.Conv2DOptionsT()
        options.padding, options.strideW, options.strideH = schema.Padding.VALID, 1, 1
        options.fusedActivationFunction = schema.ActivationFunctionType.RELU
        operator = schema.OperatorT()
        operator.opcodeIndex, operator.inputs = 0, inputs
        operator.outputs = [self._tensor(f"relu{number}", self._shape(channels), None)]
        operator.builtinOptionsType = schema.BuiltinOptions.Conv2DOptions
        operator.builtinOptions = options
        self._graph.operators.append(operator)
        return int(operator.outputs[0])

    def _tensor(self, name: str, shape: list[int], data: Any, scale: float | None = None) -> int:
        """Add a tensor: an activation where there is no data."""
        schema, tensor = self._schema, self._schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer = name, shape, 0
        tensor.type = schema.TensorType.INT8 if self._quantized else schema.TensorType.FLOAT32
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self._buffers.append(buffer)
            tensor.buffer = len(self._buffers) - 1
        if self._quantized:
            if data is not None and data.dtype == np.int32:
                tensor.type = schema.TensorType.INT32
            tensor.quantization = self._scales(data, scale)
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _scales(self, data: Any, scale: float | None) -> Any:
        made = self._schema.QuantizationParametersT()
        count = 1 if data is None else data.shape[0]
        made.scale = [network.ACTIVATION_SCALE if scale is None else scale] * count
        made.zeroPoint = [_ZERO if data is None else 0] * count
        made.quantizedDimension = 0
        return made
