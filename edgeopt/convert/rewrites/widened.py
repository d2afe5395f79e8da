"""Grouped convolutions over one axis as such over an image of one row: LiteRT has those."""

from __future__ import annotations

from typing import Any

from edgeopt.convert.rewrites.editor import Editor, attributes, input_of, node

_ROW = 2


def apply(editor: Editor) -> int:
    """Rewrite those with groups; onnx2tf makes the others itself."""
    return editor.replace(lambda one: _wide(one, editor) if _needs(one, editor) else None)


def _needs(one: Any, editor: Editor) -> bool:
    grouped = one.op_type == "Conv" and attributes(one).get("group", 1) > 1
    return grouped and editor.rank(one.input[0]) == 3


def _wide(one: Any, editor: Editor) -> list[Any]:
    about, output = attributes(one), one.output[0]
    row, wide, product = editor.integers([_ROW], output), editor.name(output), editor.name(output)
    nodes = [node("Unsqueeze", [one.input[0], row], wide)]
    weights = one.input[1]
    if weights in editor.constants:
        weights = editor.constant(editor.constants[weights][:, :, None, :], weights)
    else:
        weights = editor.name(weights)
        nodes.append(node("Unsqueeze", [one.input[1], row], weights))
    kept: dict[str, Any] = {"group": about["group"]}
    for key in ("strides", "dilations", "kernel_shape"):
        if key in about:
            kept[key] = [1, *about[key]]
    if "pads" in about:
        before, after = about["pads"]
        kept["pads"] = [0, before, 0, after]
    bias = [input_of(one, 2)] if input_of(one, 2) else []
    nodes.append(node("Conv", [wide, weights, *bias], product, **kept))
    return [*nodes, node("Squeeze", [product, row], output)]
