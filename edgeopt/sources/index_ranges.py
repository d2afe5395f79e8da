"""Which whole numbers an ONNX model's inputs may hold: those that choose rows of a table.

Random token ids outside an embedding's rows would be refused, or read what is not there. Runs in a
child process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeopt.domain.model import Value

if TYPE_CHECKING:
    import onnx

#: Operators that hand the numbers of their first input on as they are.
_HAND_ON = frozenset({
    "Cast", "Concat", "Expand", "Flatten", "Identity", "Reshape", "Slice", "Split", "Squeeze",
    "Tile", "Transpose", "Unsqueeze",
})  # fmt: skip
#: Operator -> which of its inputs has the numbers of rows.
_CHOOSE = {"Gather": 1, "GatherElements": 1, "GatherND": 1, "OneHot": 0}


class RangesRequest(Value, kw_only=True, frozen=True):
    """To look at a file."""

    onnx: str


class Ranges(Value, kw_only=True, frozen=True):
    """Input -> (least, largest) that it may hold; only of inputs that choose rows."""

    of: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class _Allowed:
    """What a value may be, both ends in it."""

    low: float = -math.inf
    high: float = math.inf

    def within(self, other: _Allowed) -> _Allowed:
        return _Allowed(max(self.low, other.low), min(self.high, other.high))

    def moved(self, least: float, largest: float) -> _Allowed:
        """So that a sum with anything from `least` to `largest` is within this."""
        return _Allowed(self.low - least, self.high - largest)


def ranges(request: RangesRequest) -> Ranges:
    """See `load.index_ranges`."""
    import onnx

    model = onnx.load(str(Path(request.onnx)), load_external_data=False)
    shaped = onnx.shape_inference.infer_shapes(model)
    weights = {one.name for one in model.graph.initializer}
    found = _Graph(shaped.graph)
    inputs = (value.name for value in model.graph.input if value.name not in weights)
    allowed = {name: found.allowed(name) for name in inputs}
    return Ranges(of={name: _ends(one) for name, one in allowed.items() if one.high < math.inf})


def _ends(allowed: _Allowed) -> tuple[int, int]:
    """Whole numbers; rows may be counted from the end, which random ids do not."""
    low = max(0.0, allowed.low)
    return math.ceil(low), max(math.ceil(low), math.floor(allowed.high))


class _Graph:
    """Who takes which tensor, and what is known of shapes and constants."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._takers: dict[str, list[tuple[onnx.NodeProto, int]]] = {}
        for node in graph.node:
            for place, name in enumerate(node.input):
                self._takers.setdefault(name, []).append((node, place))
        self._constants = {one.name: one for one in graph.initializer}
        for node in graph.node:
            if node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
                self._constants[node.output[0]] = node.attribute[0].t
        self._shapes = {name: tuple(one.dims) for name, one in self._constants.items()}
        for value in (*graph.value_info, *graph.input, *graph.output):
            dims = value.type.tensor_type.shape.dim
            if all(dim.dim_value for dim in dims):
                self._shapes.setdefault(value.name, tuple(dim.dim_value for dim in dims))

    def allowed(self, name: str, seen: frozenset[str] = frozenset()) -> _Allowed:
        """What every taker of a tensor allows together."""
        found = _Allowed()
        for node, place in self._takers.get(name, ()):
            for one in self._by(node, place, seen | {name}):
                found = found.within(one)
        return found

    def _by(self, node: onnx.NodeProto, place: int, seen: frozenset[str]) -> Iterator[_Allowed]:
        """What one taker allows."""
        if _CHOOSE.get(node.op_type) == place:
            yield from self._rows(node)
        handed = place == 0 or node.op_type == "Concat"
        if node.op_type in _HAND_ON and handed:
            yield from (self.allowed(out, seen) for out in node.output if out not in seen)
        if node.op_type in ("Add", "Sub"):
            yield from self._moved(node, place, seen)

    def _rows(self, node: onnx.NodeProto) -> Iterator[_Allowed]:
        if node.op_type == "OneHot":
            depth = self._numbers(node.input[1])
            if depth is not None and depth.size == 1:
                yield _Allowed(0, float(depth.reshape(())) - 1)
            return
        axis = next((one.i for one in node.attribute if one.name == "axis"), 0)
        shape = self._shapes.get(node.input[0])
        if shape and node.op_type == "GatherND":
            yield _Allowed(0, min(shape) - 1)
        elif shape:
            yield _Allowed(0, shape[axis] - 1)

    def _moved(self, node: onnx.NodeProto, place: int, seen: frozenset[str]) -> Iterator[_Allowed]:
        """Numbers that a constant is added to, or taken from, before they choose."""
        other = self._numbers(node.input[1 - place])
        if other is None or not other.size or (node.op_type == "Sub" and place == 1):
            return
        sign = -1 if node.op_type == "Sub" else 1
        ends = sorted((sign * float(other.min()), sign * float(other.max())))
        yield from (self.allowed(out, seen).moved(*ends) for out in node.output if out not in seen)

    def _numbers(self, name: str) -> np.ndarray | None:
        """A small constant; those in other files are no offsets."""
        from onnx import numpy_helper

        tensor = self._constants.get(name)
        return None if tensor is None or tensor.external_data else numpy_helper.to_array(tensor)
