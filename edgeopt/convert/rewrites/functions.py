"""Operators that ONNX itself defines by others, written out where tools do not know them yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeopt.convert.rewrites.editor import Editor, opset_of

if TYPE_CHECKING:
    import onnx

#: Of opset 18 and later, which ONNX Runtime writes out by itself.
NEWER = ("RMSNormalization", "Swish", "CenterCropPad", "AffineGrid")


def apply(editor: Editor) -> int:
    """Write out what tools do not know."""
    return _written_out(editor, NEWER)


def apply_shrink(editor: Editor) -> int:
    """Shrink, whose parameters pnnx drops and of which LiteRT has no form."""
    return _written_out(editor, ("Shrink",))


def _written_out(editor: Editor, kinds: tuple[str, ...]) -> int:
    """Put the bodies of ONNX's own definitions in their place."""
    import onnxslim
    from onnx import helper, inliner

    count = sum(node.op_type in kinds for node in editor.model.graph.node)
    if not count:
        return 0
    wanted = [("", kind) for kind in kinds]
    for node in editor.model.graph.node:
        if node.op_type in kinds:
            _state_defaults(node, opset_of(editor.model))
    # The types of constants are asked for, and only those of listed values are known.
    given = [
        helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in editor.model.graph.initializer
    ]
    editor.model.graph.value_info.extend(given)
    made = inliner.inline_selected_functions(editor.model, wanted, inline_schema_functions=True)
    del made.graph.value_info[:]
    editor.model.CopyFrom(onnxslim.slim(_cast(onnxslim.slim(made))))
    return count


def _state_defaults(node: onnx.NodeProto, opset: int) -> None:
    """Write attributes out that are left to their defaults: the inliner leaves them empty."""
    from onnx import defs

    said = {attribute.name for attribute in node.attribute}
    for name, about in defs.get_schema(node.op_type, opset, "").attributes.items():
        if name not in said and about.default_value.name:
            node.attribute.append(about.default_value)


def _cast(model: onnx.ModelProto) -> onnx.ModelProto:
    """Constants of the definitions in the type that they take on: few tools know CastLike."""
    from onnx import helper, numpy_helper, shape_inference

    graph = shape_inference.infer_shapes(model).graph
    types = {
        value.name: value.type.tensor_type.elem_type
        for value in (*graph.input, *graph.value_info, *graph.output)
    } | {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    kept = []
    for node in model.graph.node:
        if node.op_type == "CastLike" and node.input[0] in weights and types.get(node.input[1]):
            kind = helper.tensor_dtype_to_np_dtype(types[node.input[1]])
            array = numpy_helper.to_array(weights[node.input[0]]).astype(kind)
            model.graph.initializer.append(numpy_helper.from_array(array, node.output[0]))
        else:
            kept.append(type(node).FromString(node.SerializeToString()))
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model
