"""A LiteRT file's graph as the quantizer sees it: operators, weights, biases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.convert.bias_correction import POINT, Window, same_padding
from edgeopt.domain.layers import Operator

_SAME = 0  # tflite/schema/schema.fbs: Padding
_WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


@dataclass(frozen=True)
class Weighted:
    """An operator with constant weights and a constant bias.

    Attributes:
        number: of the operator. input: index of the tensor that it reads.
        weights, scale: [outputs, kernel rows, kernel columns, inputs of a group]; where the file
            holds integers, `weights` are what they stand for.
        bias: the tensor's index. groups: of channels.
    """

    number: int
    input: int
    weights: np.ndarray
    bias: int
    window: Window
    groups: int


class Graph:
    """The main graph of a .tflite file.

    Args:
        model: a path, or the file's bytes.
    """

    def __init__(self, model: str | bytes) -> None:
        from ai_edge_quantizer.utils import tfl_flatbuffer_utils as flat

        self._flat = flat
        self.model: Any = flat.read_model(model)
        self.main: Any = self.model.subgraphs[0]
        self._codes = flat.TFL_OP_CODE_TO_NAME

    def type_of(self, op: Any) -> str:
        code = self.model.operatorCodes[op.opcodeIndex].builtinCode
        name = self._codes.get(code)
        return str(getattr(name, "value", name)) if name else f"operator {code}"

    def operators(self) -> tuple[Operator, ...]:
        """In the file's order, which is that of execution."""
        return tuple(self._operator(number, op) for number, op in enumerate(self.main.operators))

    def _operator(self, number: int, op: Any) -> Operator:
        tensors = self.main.tensors
        moving = [i for i in op.inputs if i >= 0 and self._constant(i) is None]
        kind = self.type_of(op)
        return Operator(
            name=self._flat.get_op_scope(op, tensors),
            label=f"{kind} #{number}",
            type=kind,
            inputs=tuple(str(i) for i in moving),
            outputs=tuple(str(i) for i in op.outputs),
            elements=sum(int(np.prod(tensors[i].shape)) for i in op.outputs),
            computes=kind in _computing() and len(moving) < len([i for i in op.inputs if i >= 0]),
        )

    def unbounded(self, ranges: Mapping[str, Mapping[str, Any]]) -> set[int]:
        """Tensors, by index, of values that no scale of integers reaches.

        Args:
            ranges: name -> "min" and "max", of tensors that are no constants.
        """
        wide = set()
        for index, tensor in enumerate(self.main.tensors):
            known = ranges.get(self._flat.get_tensor_name(tensor), {})
            ends = [np.asarray(known[end]) for end in ("min", "max") if end in known]
            constant = self._constant(index)
            if constant is not None and constant.dtype.kind == "f":
                ends.append(constant)
            if any(not is_bounded(each) for each in ends):
                wide.add(index)
        return wide

    def touching(self, tensors: Collection[int]) -> dict[int, Operator]:
        """Operators, by number, that read or answer one of some tensors."""
        return {
            number: self._operator(number, op)
            for number, op in enumerate(self.main.operators)
            if not {*map(int, op.inputs), *map(int, op.outputs)}.isdisjoint(tensors)
        }

    def ends_touching(self, tensors: Collection[int]) -> list[str]:
        """The same of the model's inputs and outputs: the quantizer's names of all of them."""
        ends = self._flat.get_subgraph_input_output_operators(self.main)
        return [
            self._flat.get_op_scope(end, self.main.tensors)
            for end in ends
            if not {*map(int, end.inputs), *map(int, end.outputs)}.isdisjoint(tensors)
        ]

    def _constant(self, index: int) -> np.ndarray | None:
        found = self._flat.get_tensor_data(self.main.tensors[index], self.model.buffers)
        return None if found is None or found.size == 0 else found

    def weighted(self) -> list[Weighted]:
        """Operators whose bias can be corrected."""
        found = [self._weighted(number, op) for number, op in enumerate(self.main.operators)]
        return [one for one in found if one is not None]

    def _weighted(self, number: int, op: Any) -> Weighted | None:
        kind, inputs = self.type_of(op), list(op.inputs)
        if kind not in _WITH_WEIGHTS or len(inputs) < 3 or inputs[2] < 0:
            return None
        weights = self._real(inputs[1])
        if weights is None or self._constant(inputs[2]) is None:
            return None
        if kind == "FULLY_CONNECTED":
            return Weighted(number, inputs[0], weights[:, None, None, :], inputs[2], POINT, 1)
        depthwise = kind == "DEPTHWISE_CONV_2D"
        if depthwise:  # [1, rows, columns, outputs]
            weights = np.moveaxis(weights, 3, 0)[..., 0, :, :][..., None]
        channels = int(self.main.tensors[inputs[0]].shape[3])
        groups = channels // weights.shape[3]
        return Weighted(number, inputs[0], weights, inputs[2], self._window(op, weights), groups)

    def _window(self, op: Any, weights: np.ndarray) -> Window:
        options = op.builtinOptions
        shape = self.main.tensors[op.inputs[0]].shape
        output = self.main.tensors[op.outputs[0]].shape
        kernel = (int(weights.shape[1]), int(weights.shape[2]))
        strides = (int(options.strideH), int(options.strideW))
        dilations = (int(options.dilationHFactor), int(options.dilationWFactor))
        before = (0, 0)
        if options.padding == _SAME:
            before = (
                same_padding(int(shape[1]), kernel[0], strides[0], dilations[0]),
                same_padding(int(shape[2]), kernel[1], strides[1], dilations[1]),
            )
        return Window(kernel, strides, dilations, before, (int(output[1]), int(output[2])))

    def _real(self, index: int) -> np.ndarray | None:
        """A constant as float32; integers as what they stand for."""
        data = self._constant(index)
        if data is None or data.dtype == np.float32:
            return data
        about = self.main.tensors[index].quantization
        if about is None or about.scale is None or not len(about.scale):
            return None
        shape = [1] * data.ndim
        shape[about.quantizedDimension if len(about.scale) > 1 else 0] = len(about.scale)
        scale = np.asarray(about.scale, np.float32).reshape(shape)
        zero = np.asarray(about.zeroPoint, np.float32).reshape(shape)
        return (data.astype(np.float32) - zero) * scale

    def with_biases(self, changes: Sequence[tuple[int, np.ndarray]]) -> bytes:
        """The file with something added to some biases.

        Args:
            changes: (tensor, what is added to it). A tensor that shares its bytes with another
                gets its own.
        """
        from ai_edge_litert.tools import flatbuffer_utils

        for index, change in changes:
            tensor = self.main.tensors[index]
            bias = self._constant(index)
            assert bias is not None
            buffer = type(self.model.buffers[tensor.buffer])()
            buffer.data = np.frombuffer((bias + change).astype(np.float32).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        return bytes(flatbuffer_utils.convert_object_to_bytearray(self.model))


def is_bounded(values: np.ndarray) -> bool:
    """Whether twice the largest is a number, as a symmetrical range needs it."""
    with np.errstate(over="ignore"):
        return bool(np.isfinite(2 * values.astype(np.float32)).all())


def _computing() -> tuple[str, ...]:
    return (*_WITH_WEIGHTS, "BATCH_MATMUL", "CONV_2D_TRANSPOSE")
