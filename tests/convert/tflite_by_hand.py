"""A LiteRT file made operator by operator."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils


class Net:
    """One input, float32; `add` gives the place of what an operator makes."""

    def __init__(self, *shape: int) -> None:
        self._model, self._graph = schema.ModelT(), schema.SubGraphT()
        self._model.version, self._model.operatorCodes = 3, []
        self._model.buffers = [schema.BufferT()]
        self._graph.tensors, self._graph.operators = [], []
        self.x = self._tensor(shape, schema.TensorType.FLOAT32)

    def add(self, kind: str, inputs: list[int], *shape: int, **options: object) -> int:
        """One operator with its options, and float32 as its answer."""
        made = schema.OperatorT()
        made.opcodeIndex = self._code(getattr(schema.BuiltinOperator, kind))
        name = "".join(word.title() for word in kind.split("_"))
        name = {"AveragePool2D": "Pool2D", "BatchMatmul": "BatchMatMul"}.get(name, name)
        if hasattr(schema, f"{name}OptionsT"):
            made.builtinOptionsType = getattr(schema.BuiltinOptions, f"{name}Options")
            made.builtinOptions = getattr(schema, f"{name}OptionsT")()
            for option, value in options.items():
                setattr(made.builtinOptions, option, value)
        made.inputs, made.outputs = inputs, [self._tensor(shape, schema.TensorType.FLOAT32)]
        self._graph.operators.append(made)
        return int(made.outputs[0])

    def numbers(self, *values: int) -> int:
        """A constant, int32[n]."""
        return self._constant(np.array(values, np.int32), schema.TensorType.INT32)

    def reals(self, *values: float) -> int:
        """A constant, float32[n]."""
        return self._constant(np.array(values, np.float32), schema.TensorType.FLOAT32)

    def reshape(self, tensor: int, *shape: int) -> int:
        """As converters write it: the numbers as a constant and among the options."""
        given = [tensor, self.numbers(*shape)]
        return self.add("RESHAPE", given, *shape, newShape=np.array(shape, np.int32))

    def write(self, path: Path, output: int) -> Path:
        """Write the file with this as its answer."""
        self._graph.inputs, self._graph.outputs = [self.x], [output]
        self._model.subgraphs = [self._graph]
        flatbuffer_utils.write_model(self._model, str(path))
        return path

    def _constant(self, values: np.ndarray, kind: int) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._tensor(values.shape, kind, len(self._model.buffers) - 1)

    def _tensor(self, shape: tuple[int, ...], kind: int, buffer: int = 0) -> int:
        made = schema.TensorT()
        made.shape, made.type, made.buffer = np.array(shape, np.int32), kind, buffer
        made.name = b"t%d" % len(self._graph.tensors)
        self._graph.tensors.append(made)
        return len(self._graph.tensors) - 1

    def _code(self, number: int) -> int:
        made = schema.OperatorCodeT()
        made.builtinCode, made.deprecatedBuiltinCode, made.version = number, number, 1
        self._model.operatorCodes.append(made)
        return len(self._model.operatorCodes) - 1
