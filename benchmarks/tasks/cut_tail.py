"""An ONNX model cut where its tail begins: a model of the branches' ends, and the tail in numpy.

The branches then leave the model each with a scale of its own, whatever a quantizer does with
outputs, and the decode is no part of what an accelerator has to take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.tasks.graph_operators import NoNumpy
from benchmarks.tasks.graph_tail import GraphTail
from edgeopt.convert.rewrites.editor import opset_of
from edgeopt.domain.errors import EdgeoptError
from edgeopt.sources.onnx_tail import operators
from edgeopt.sources.tail import TailGraph

if TYPE_CHECKING:
    import onnx

#: Softmax took all axes from its own on as one before it, and Clip its bounds as attributes (10).
LEAST_OPSET = 13
#: Attributes that are no part of a computation in numpy.
_IDLE = ("sorted", "auto_pad", "kernel_shape", "dilations")


@dataclass(frozen=True)
class Cut:
    """The two pieces of a model.

    Attributes:
        body: up to the ends of the branches, which are its outputs. described, constants: the rest
            (see `graph_tail.py`), which takes these, and answers as the model did.
    """

    body: onnx.ModelProto
    described: Mapping[str, Any]
    constants: Mapping[str, np.ndarray]

    def tail(self) -> GraphTail:
        """The rest, ready to run."""
        return GraphTail(self.described, self.constants)


def cut(model: onnx.ModelProto) -> Cut:
    """Cut a model with fixed shapes, of which nothing is changed.

    Raises:
        EdgeoptError: it has no tail, or one with an operator that is not known in numpy, or is of
            an older opset than these are.
    """
    import onnx

    if opset_of(model) < LEAST_OPSET:
        raise EdgeoptError(
            f"its operators are of opset {opset_of(model)}, and its tail runs in numpy from opset "
            f"{LEAST_OPSET} on."
        )
    graph = TailGraph(operators(model))
    inside = {graph.operators[i].outputs for i in graph.tail}
    rest = [node for node in model.graph.node if tuple(filter(None, node.output)) in inside]
    if not rest:
        raise EdgeoptError("nothing follows its last layers with weights: there is no tail to cut.")
    made = {name for node in rest for name in node.output}
    constants = _constants(model)
    outputs = [value.name for value in model.graph.output]
    entering = [name for node in rest for name in node.input if name and name not in made]
    ends = [n for n in dict.fromkeys((*entering, *outputs)) if n not in made | constants.keys()]
    described = {"inputs": ends, "outputs": outputs, "steps": [_step(node) for node in rest]}
    read = {name: constants[name] for name in (*entering, *outputs) if name in constants}
    try:
        GraphTail(described, read)
    except NoNumpy as error:
        raise EdgeoptError(f"its tail does not run in numpy: {error}.") from error
    body = onnx.ModelProto()
    body.CopyFrom(model)
    _shorten(body, ends, [node for node in model.graph.node if node not in rest])
    return Cut(body, described, read)


def _shorten(body: onnx.ModelProto, ends: Sequence[str], nodes: Sequence[Any]) -> None:
    """Keep some nodes, and what they read; answer with the ends that they make."""
    import onnx

    graph = body.graph
    shapes = {value.name: value for value in (*graph.value_info, *graph.output)}
    given = {value.name for value in graph.input}
    kept = [shapes.get(n) or onnx.ValueInfoProto(name=n) for n in ends if n not in given]
    known = [onnx.ValueInfoProto.FromString(value.SerializeToString()) for value in kept]
    del graph.node[:]
    graph.node.extend(nodes)
    read = {name for node in graph.node for name in node.input}
    weights = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(weights)
    del graph.output[:]
    graph.output.extend(known)


def _constants(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    from onnx import numpy_helper

    held = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            held[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
    return held


def _step(node: onnx.NodeProto) -> dict[str, Any]:
    return {
        "operator": node.op_type,
        "inputs": list(node.input),
        "outputs": list(node.output),
        "attributes": {a.name: _value(a) for a in node.attribute if a.name not in _IDLE},
    }


def _value(attribute: onnx.AttributeProto) -> Any:
    """As JSON has it; a type of elements as numpy's name of it."""
    import onnx

    value = onnx.helper.get_attribute_value(attribute)
    if attribute.name == "to":
        return onnx.helper.tensor_dtype_to_np_dtype(value).name
    if isinstance(value, bytes):
        return value.decode()
    return list(value) if isinstance(value, list | tuple) or hasattr(value, "extend") else value
