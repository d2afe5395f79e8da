"""Operators of ONNX opset 1 to 6 that onnx's version converter does not raise, rewritten first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx

#: Of opset 1 to 5: which inputs may be overwritten. Nothing reads that.
_GONE = "consumed_inputs"

#: Where a node waits that is of its newer form already: the converter passes by what is no ONNX.
_HIDDEN = "edgeopt.newer"

_AXIS = "axis"


def rewritten(model: onnx.ModelProto, version: int) -> onnx.ModelProto:
    """A copy that the version converter takes. Shapes are fixed."""
    import onnx

    made = onnx.ModelProto()
    made.CopyFrom(model)
    shaped = onnx.shape_inference.infer_shapes(model)
    values = (*shaped.graph.value_info, *shaped.graph.input)
    ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in values}
    ranks |= {tensor.name: len(tensor.dims) for tensor in model.graph.initializer}
    nodes = []
    for node in made.graph.node:
        _take(node, _GONE)
        nodes += [*_broadcast(node, ranks), node]
        if node.op_type in _NEWER and version < _NEWER[node.op_type][0]:
            _NEWER[node.op_type][1](node)
            node.domain = _HIDDEN
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    if any(node.domain == _HIDDEN for node in nodes):
        made.opset_import.add(domain=_HIDDEN, version=1)
    return made


def shown(model: onnx.ModelProto) -> onnx.ModelProto:
    """What the converter made, with the hidden nodes back among ONNX's own; in place."""
    for node in model.graph.node:
        if node.domain == _HIDDEN:
            node.domain = ""
    kept = [entry for entry in model.opset_import if entry.domain != _HIDDEN]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    return model


def _take(node: onnx.NodeProto, name: str) -> Any:
    """An attribute's value, which is taken out of the node; None where there is none."""
    import onnx

    for i, attribute in enumerate(node.attribute):
        if attribute.name == name:
            value = onnx.helper.get_attribute_value(attribute)
            del node.attribute[i]
            return value
    return None


def _broadcast(node: onnx.NodeProto, ranks: dict[str, int]) -> list[onnx.NodeProto]:
    """What widens a second input that belongs to an axis in the middle, as numpy wants it.

    PRelu's slopes [C] were of axis 1, and are of the last one since opset 7.
    """
    import onnx

    if node.op_type == "PRelu":
        at: int | None = 1
    elif any(attribute.name == "broadcast" and attribute.i for attribute in node.attribute):
        at = _take(node, _AXIS)
    else:
        return []
    rank, own = ranks.get(node.input[0], 0), ranks.get(node.input[1], 0)
    if at is None or own == 0:
        return []
    missing = rank - at % max(rank, 1) - own
    if missing <= 0 or (node.op_type == "PRelu" and own != 1):
        return []
    wide = f"{node.output[0]}_wide"
    axes = list(range(own, own + missing))
    widening = onnx.helper.make_node("Unsqueeze", [node.input[1]], [wide], axes=axes)
    node.input[1] = wide
    return [widening]


def _cast(node: onnx.NodeProto) -> None:
    """Opset 6 names the type by number."""
    import onnx

    name = _take(node, "to").decode().upper()
    node.attribute.append(onnx.helper.make_attribute("to", onnx.TensorProto.DataType.Value(name)))


def _pad(node: onnx.NodeProto) -> None:
    """Opset 2 has another word for the same numbers."""
    import onnx

    node.attribute.append(onnx.helper.make_attribute("pads", _take(node, "paddings")))


#: Operator -> the opset of its newer form, which holds at opset 7 too, and how to make it.
_NEWER = {"Cast": (6, _cast), "Pad": (2, _pad)}
