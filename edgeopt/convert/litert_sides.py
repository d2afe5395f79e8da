"""RESHAPEs of a LiteRT file whose numbers follow the size of what they reshape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.convert import tflite_plain


@dataclass(frozen=True)
class Free:
    """The numbers of a RESHAPE.

    Attributes:
        shape: with -1 for what is left. computed: its other places that are no constants -> (axis
            of what is reshaped, so many times that side).
    """

    shape: tuple[int, ...]
    computed: dict[int, tuple[int, int]]


def kind(model: Any, operator: Any) -> str:
    """The name of an operator."""
    from ai_edge_litert.tools import flatbuffer_utils

    code = model.operatorCodes[operator.opcodeIndex]
    return str(flatbuffer_utils.opcode_to_name(model, operator.opcodeIndex) or code.builtinCode)


def written(model: Any, graph: Any, reshape: Any) -> np.ndarray | None:
    """int32[n]: the numbers of a RESHAPE; None where they are computed."""
    if len(reshape.inputs) > 1 and reshape.inputs[1] >= 0:
        data = model.buffers[graph.tensors[reshape.inputs[1]].buffer].data
        return None if data is None else np.frombuffer(bytes(data), np.int32).copy()
    return np.array(reshape.builtinOptions.newShape, np.int32)


def freed(
    shapes: tuple[np.ndarray, np.ndarray], sides: tuple[np.ndarray, np.ndarray]
) -> Free | None:
    """The numbers that hold at both sizes, and at those between and beyond them.

    Args:
        shapes: of one RESHAPE at two sizes. sides: of what it reshapes.

    Returns:
        None where more than one number is no multiple of a side.
    """
    large, small = shapes
    if len(large) != len(small):
        return None
    differing = [place for place in range(len(large)) if large[place] != small[place]]
    found = {place: _multiple((large[place], small[place]), sides) for place in differing}
    unknown = [place for place, one in found.items() if one is None]
    if len(unknown) > 1:
        return None
    left = unknown[0] if unknown else differing[0]
    shape = large.copy()
    shape[left] = -1
    computed = {place: one for place, one in found.items() if one is not None and place != left}
    return Free(tuple(int(one) for one in shape), computed)


def _multiple(
    pair: tuple[int, int], sides: tuple[np.ndarray, np.ndarray]
) -> tuple[int, int] | None:
    """(axis, times) of a side that grows as a number does: the one that needs least."""
    found = [
        (int(pair[0] // large), axis)
        for axis, (large, small) in enumerate(zip(*sides, strict=True))
        if large != small and pair[0] % large == 0 and pair[0] // large * small == pair[1]
    ]
    return (min(found)[1], min(found)[0]) if found else None


def give(model: Any, graph: Any, reshape: Any, free: Free) -> None:
    """Give a RESHAPE its numbers, in a tensor of its own: others may read the old one."""
    from ai_edge_litert import schema_py_generated as schema

    made = _Additions(model, graph, schema)
    if free.computed:
        sides = made.computed("SHAPE", [int(reshape.inputs[0])], _rank(graph, reshape))
        numbers = [
            made.side(sides, *free.computed[place]) if place in free.computed
            else made.constant(np.array(number, np.int32))
            for place, number in enumerate(free.shape)
        ]  # fmt: skip
        numbered = made.computed("PACK", numbers, len(numbers))
    else:
        numbered = made.constant(np.array(free.shape, np.int32))
    reshape.inputs = [int(reshape.inputs[0]), numbered]
    if reshape.builtinOptions is not None:
        reshape.builtinOptions.newShape = np.array(free.shape, np.int32)
        if free.computed:  # older interpreters read it where it stands
            reshape.builtinOptions.newShape = None
    place = next(i for i, one in enumerate(graph.operators) if one is reshape)
    graph.operators = [*graph.operators[:place], *made.operators, *graph.operators[place:]]


def _rank(graph: Any, reshape: Any) -> int:
    return len(graph.tensors[reshape.inputs[0]].shape)


class _Additions:
    """Operators and tensors of whole numbers that a graph gets.

    Attributes:
        operators: in the order in which they run; the graph does not have them yet.
    """

    def __init__(self, model: Any, graph: Any, schema: Any) -> None:
        self._model, self._graph, self._schema = model, graph, schema
        self.operators: list[Any] = []

    def constant(self, value: np.ndarray) -> int:
        """The place of a tensor with these numbers, int32."""
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(value.tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        return self._tensor(value.shape, len(self._model.buffers) - 1)

    def computed(self, name: str, inputs: list[int], *shape: int) -> int:
        """The place of what an operator makes of these tensors."""
        schema = self._schema
        made = schema.OperatorT()
        made.opcodeIndex = self._code(name)
        made.builtinOptionsType, options = {
            "SHAPE": (schema.BuiltinOptions.ShapeOptions, schema.ShapeOptionsT()),
            "PACK": (schema.BuiltinOptions.PackOptions, schema.PackOptionsT()),
            "MUL": (schema.BuiltinOptions.MulOptions, schema.MulOptionsT()),
            "STRIDED_SLICE": (
                schema.BuiltinOptions.StridedSliceOptions, schema.StridedSliceOptionsT()),
        }[name]  # fmt: skip
        if name == "SHAPE":
            options.outType = schema.TensorType.INT32
        elif name == "PACK":
            options.valuesCount, options.axis = len(inputs), 0
        elif name == "STRIDED_SLICE":
            options.shrinkAxisMask = 1
        made.builtinOptions = options
        made.inputs, made.outputs = inputs, [self._tensor(shape, 0)]
        self.operators.append(made)
        return int(made.outputs[0])

    def side(self, sides: int, axis: int, times: int) -> int:
        """The place of a scalar: one side, so many times."""
        bounds = [self.constant(np.array([at], np.int32)) for at in (axis, axis + 1, 1)]
        one = self.computed("STRIDED_SLICE", [sides, *bounds])
        if times == 1:
            return one
        return self.computed("MUL", [one, self.constant(np.array(times, np.int32))])

    def _tensor(self, shape: tuple[int, ...], buffer: int) -> int:
        tensors = self._graph.tensors
        made = self._schema.TensorT()
        made.shape, made.type = np.array(shape, np.int32), self._schema.TensorType.INT32
        made.buffer, made.hasRank = buffer, True
        made.name = b"open/%d" % len(tensors)  # quantizers want each name once
        tensors.append(made)
        return len(tensors) - 1

    def _code(self, name: str) -> int:
        codes, number = self._model.operatorCodes, getattr(self._schema.BuiltinOperator, name)
        for place, code in enumerate(codes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == number:
                return place
        made = self._schema.OperatorCodeT()
        made.builtinCode, made.deprecatedBuiltinCode, made.version = number, number, 1
        codes.append(made)
        return len(codes) - 1


def without_needless(model: Any, graph: Any) -> bool:
    """Take RESHAPEs out that only flatten what a SOFTMAX reads, and turn it back.

    It works on the last side alone, so that it need not be flattened: onnx2tf does it all the same,
    and of the attention of a sequence both sides of [heads * n, n] depend on its length.

    Returns:
        Whether there were any.
    """
    found = list(_flattened(model, graph))
    for flat, softmax, back in found:
        softmax.inputs, softmax.outputs = [int(flat.inputs[0])], [int(back.outputs[0])]
    gone = {id(one) for flat, _, back in found for one in (flat, back)}
    unread = {int(t) for flat, _, back in found for t in (flat.outputs[0], back.inputs[0])}
    graph.operators = [one for one in graph.operators if id(one) not in gone]
    tflite_plain.remove(model, graph, unread)
    return bool(found)


def _flattened(model: Any, graph: Any) -> Iterator[tuple[Any, Any, Any]]:
    """(RESHAPE, SOFTMAX, RESHAPE) whose values nothing else reads."""
    readers = Counter(int(t) for one in graph.operators for t in one.inputs)
    readers.update(int(t) for t in graph.outputs)
    makers = {int(t): one for one in graph.operators for t in one.outputs}
    for back in graph.operators:
        softmax = makers.get(int(back.inputs[0])) if kind(model, back) == "RESHAPE" else None
        if softmax is None or kind(model, softmax) != "SOFTMAX":
            continue
        flat = makers.get(int(softmax.inputs[0]))
        if flat is None or kind(model, flat) != "RESHAPE":
            continue
        before, between, after = (
            list(graph.tensors[one].shape)
            for one in (flat.inputs[0], back.inputs[0], back.outputs[0])
        )
        alone = all(readers[int(t)] == 1 for t in (flat.outputs[0], back.inputs[0]))
        if alone and before == after and before[-1:] == between[-1:]:
            yield flat, softmax, back
