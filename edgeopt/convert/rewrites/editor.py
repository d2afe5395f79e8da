"""A model whose nodes are replaced one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx

LEAST_OPSET = 13
"""From here on axes and splits are inputs: what the rules write."""


def opset_of(model: onnx.ModelProto) -> int:
    """The version of ONNX's own operators."""
    return max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0)


class UnknownShapeError(Exception):
    """A rule needs a shape that is not known: the node stays as it is."""


class _Shapes(dict[str, tuple[int, ...]]):
    def __missing__(self, name: str) -> tuple[int, ...]:
        raise UnknownShapeError(name)


class Editor:
    """The main graph of a model, changed in place.

    Attributes:
        shapes: value -> its shape; raises `UnknownShapeError` where not all of it is known.
        constants: initializer -> its array.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        from onnx import numpy_helper, shape_inference

        self.model = model
        inferred = shape_inference.infer_shapes(model, data_prop=True).graph
        self.shapes = _Shapes(
            {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
        )
        for value in (*inferred.input, *inferred.value_info, *inferred.output):
            dims = value.type.tensor_type.shape.dim
            if value.type.HasField("tensor_type") and all(
                dim.HasField("dim_value") for dim in dims
            ):
                self.shapes[value.name] = tuple(dim.dim_value for dim in dims)
        self.constants = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        graph = model.graph
        self._taken = {value.name for value in (*graph.input, *graph.initializer)}
        for one in graph.node:  # earlier rules have named theirs alike
            self._taken |= {one.name, *one.input, *one.output}

    def replace(self, change: Callable[[Any], Sequence[Any] | None]) -> int:
        """Put other nodes in a node's place.

        Args:
            change: a node -> those that stand for it, or None where it stays.

        Returns:
            How many nodes were replaced.
        """
        kept, count = [], 0
        for node in self.model.graph.node:
            new = self._changed(node, change)
            kept += [node] if new is None else list(new)
            count += new is not None
        if count:
            nodes = [type(node).FromString(node.SerializeToString()) for node in kept]
            del self.model.graph.node[:]
            self.model.graph.node.extend(nodes)
            del self.model.graph.value_info[:]  # of values that are gone
        return count

    def _changed(
        self, node: Any, change: Callable[[Any], Sequence[Any] | None]
    ) -> Sequence[Any] | None:
        try:
            return change(node) if node.domain in ("", "ai.onnx") else None
        except UnknownShapeError:
            return None

    def constant(self, array: np.ndarray, near: str) -> str:
        """Add an initializer; returns its name."""
        from onnx import numpy_helper

        name = self.name(near)
        self.model.graph.initializer.append(numpy_helper.from_array(array, name))
        self.constants[name] = array
        return name

    def integers(self, numbers: Sequence[int], near: str) -> str:
        """The same of integers, [n]."""
        return self.constant(np.array(numbers, np.int64), near)

    def name(self, near: str) -> str:
        """A new name that says where it belongs."""
        names = (f"{near}/rewritten_{number}" for number in itertools.count(1))
        name = next(one for one in names if one not in self._taken)
        self._taken.add(name)
        return name

    def rank(self, value: str) -> int:
        """The number of its axes."""
        return len(self.shapes[value])


def attributes(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes as Python's values; strings are str."""
    from onnx import helper

    found = {one.name: helper.get_attribute_value(one) for one in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in found.items()}


def node(kind: str, inputs: Sequence[str], output: str, **about: Any) -> onnx.NodeProto:
    """A node with one output, named after it."""
    from onnx import helper

    return helper.make_node(kind, list(inputs), [output], name=output, **about)


def input_of(given: onnx.NodeProto, index: int) -> str:
    """An input's name; "" where it is left out."""
    return given.input[index] if len(given.input) > index else ""
