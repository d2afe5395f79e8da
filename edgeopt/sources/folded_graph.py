"""An ONNX graph with its preparation and its last step inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgeopt.domain.fold import Fold, FoldedInput, class_axis
from edgeopt.sources.onnx_form import rename_node

if TYPE_CHECKING:
    import onnx


def fold_graph(
    model: onnx.ModelProto, plan: Fold, index: int, shape: tuple[int, ...], output: str
) -> None:
    """Fold in place.

    Args:
        index: which input is folded. shape: its original one.
        output: the one that `plan.output` is for.
    """
    if plan.input is not None:
        _fold_input(model.graph, plan.input, shape)
    if plan.output is not None:
        _fold_output(model.graph, plan.output, output)


def _fold_input(graph: onnx.GraphProto, plan: FoldedInput, shape: tuple[int, ...]) -> None:
    from onnx import TensorProto, helper, numpy_helper

    name, inner = plan.name, f"{plan.name}/original"
    for node in graph.node:
        rename_node(node, {name: inner})
    [place] = [i for i, value in enumerate(graph.input) if value.name == name]
    kind = graph.input[place].type.tensor_type.elem_type
    graph.input[place].CopyFrom(
        helper.make_tensor_value_info(name, TensorProto.UINT8, plan.folded_shape(shape))
    )
    axis = plan.channel_axis(shape)
    for key, values in (("mean", plan.mean), ("scale", plan.scale)):
        array = np.asarray(values, helper.tensor_dtype_to_np_dtype(kind))
        dims = [-1 if i == axis else 1 for i in range(len(shape))] if array.size > 1 else []
        graph.initializer.append(numpy_helper.from_array(array.reshape(dims), f"{name}/{key}"))
    nodes, value = [], name
    if plan.to_original is not None:  # of uint8: a quarter of what it would move later
        value = f"{name}/turned"
        nodes.append(helper.make_node("Transpose", [name], [value], value, perm=plan.to_original))
    nodes += [
        helper.make_node("Cast", [value], [f"{name}/float"], f"{name}/cast", to=kind),
        helper.make_node(
            "Sub", [f"{name}/float", f"{name}/mean"], [f"{name}/centred"], f"{name}/sub"
        ),
        helper.make_node("Mul", [f"{name}/centred", f"{name}/scale"], [inner], f"{name}/mul"),
    ]
    _in_front(graph, nodes)


def _in_front(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])


def _fold_output(graph: onnx.GraphProto, what: str, name: str) -> None:
    from onnx import TensorProto, helper

    inner = f"{name}/scores"
    for node in graph.node:
        rename_node(node, {name: inner})
    [place] = [i for i, value in enumerate(graph.output) if value.name == name]
    tensor = graph.output[place].type.tensor_type
    shape = [dim.dim_value for dim in tensor.shape.dim]
    axis = class_axis(len(shape))
    if what == "argmax":
        graph.node.append(helper.make_node("ArgMax", [inner], [name], name, axis=axis, keepdims=0))
        kind, shape = TensorProto.INT64, [*shape[:axis], *shape[axis + 1 :]]
    else:
        graph.node.append(helper.make_node("Softmax", [inner], [name], name, axis=axis))
        kind = tensor.elem_type
    graph.output[place].CopyFrom(helper.make_tensor_value_info(name, kind, shape))
