"""Padding that follows from shapes, in numbers: tools refuse SAME_LOWER, or take it for UPPER."""

from __future__ import annotations

from typing import Any

from edgeopt.convert.rewrites.editor import Editor, attributes

_WINDOWED = ("Conv", "MaxPool", "AveragePool", "LpPool")


def apply(editor: Editor) -> int:
    """Replace `auto_pad` by `pads`, in place of the nodes themselves."""
    return editor.replace(lambda one: _explicit(one, editor) if _is_computed(one) else None)


def _is_computed(one: Any) -> bool:
    how = attributes(one).get("auto_pad", "NOTSET")
    return one.op_type in _WINDOWED and how in ("SAME_UPPER", "SAME_LOWER")


def _explicit(one: Any, editor: Editor) -> list[Any]:
    from onnx import helper

    about = attributes(one)
    how = about.pop("auto_pad")
    sides = editor.shapes[one.input[0]][2:]
    kernel = about.get("kernel_shape") or editor.shapes[one.input[1]][2:]
    strides = about.get("strides") or [1] * len(sides)
    dilations = about.get("dilations") or [1] * len(sides)
    total = [
        max(0, (-(-side // step) - 1) * step + (size - 1) * apart + 1 - side)
        for side, size, step, apart in zip(sides, kernel, strides, dilations, strict=True)
    ]
    less, more = [one // 2 for one in total], [one - one // 2 for one in total]
    about["pads"] = [*less, *more] if how == "SAME_UPPER" else [*more, *less]
    return [helper.make_node(one.op_type, one.input, one.output, name=one.name, **about)]
