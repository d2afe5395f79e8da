"""Reductions whose axes are an input, as they are since opset 18 (ReduceSum: 13)."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeopt.convert.rewrites.editor import Editor, attributes, input_of, node

LAST = 17
"""The last opset in which the axes of all reductions but ReduceSum are an attribute."""


def apply(editor: Editor) -> int:
    """Axes as attributes, in the words of `LAST`; ReduceSum as so many times the mean.

    The whole model then is of `LAST`: one with operators that are newer, or mean something else
    there, gives no answers or others, and stays as it was (`rewritten`; `pnnx_refused`).
    """
    count = editor.replace(lambda one: _reduced(one, editor))
    if count:
        for opset in editor.model.opset_import:
            if opset.domain in ("", "ai.onnx"):
                opset.version = min(opset.version, LAST)
    return count


def _reduced(one: Any, editor: Editor) -> list[Any] | None:
    given = input_of(one, 1)
    if not one.op_type.startswith("Reduce") or given not in editor.constants:
        return None
    axes = [int(axis) for axis in editor.constants[given].reshape(-1)]
    if not axes:
        return None
    value, output = one.input[0], one.output[0]
    kept = {"keepdims": attributes(one).get("keepdims", 1), "axes": axes}
    if one.op_type != "ReduceSum":
        return [node(one.op_type, [value], output, **kept)]
    sizes = editor.shapes[value]
    count = np.prod([sizes[axis] for axis in axes], dtype=np.float32)
    mean = editor.name(output)
    factor = editor.constant(count.reshape(1), output)
    return [
        node("ReduceMean", [value], mean, **kept),
        node("Mul", [mean, factor], output),
    ]
