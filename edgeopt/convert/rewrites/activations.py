"""Elu, PRelu and Shrink, by operators without parameters.

onnx2tf 2.6.9 makes LiteRT's ELU of Elu, whose alpha is 1, and takes slopes by channel of images
only; pnnx 20261020 drops Shrink's parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeopt.convert.rewrites.editor import Editor, attributes, node


def apply_elu(editor: Editor) -> int:
    """Elu(x) = Relu(x) + alpha * Elu_1(min(x, 0))."""
    return editor.replace(lambda one: _elu(one, editor) if one.op_type == "Elu" else None)


def _elu(one: Any, editor: Editor) -> list[Any] | None:
    alpha = attributes(one).get("alpha", 1.0)
    if alpha == 1.0:
        return None
    [given], [output] = one.input, one.output
    over, flipped, under, back, curved, scaled = (editor.name(output) for _ in range(6))
    factor = editor.constant(np.array([alpha], np.float32), output)
    return [
        node("Relu", [given], over),
        node("Neg", [given], flipped),
        node("Relu", [flipped], under),
        node("Neg", [under], back),
        node("Elu", [back], curved, alpha=1.0),
        node("Mul", [curved, factor], scaled),
        node("Add", [over, scaled], output),
    ]


def apply_shrink(editor: Editor) -> int:
    """Shrink(x) = Relu(x - lambd) - Relu(-x - lambd), where it shifts by as much as it cuts."""
    return editor.replace(lambda one: _shrink(one, editor) if one.op_type == "Shrink" else None)


def _shrink(one: Any, editor: Editor) -> list[Any] | None:
    about = attributes(one)
    cut, shift = about.get("lambd", 0.5), about.get("bias", 0.0)
    if cut != shift or cut < 0:
        return None
    [given], [output] = one.input, one.output
    above, flipped, below, up, down = (editor.name(output) for _ in range(5))
    edge = editor.constant(np.array([cut], np.float32), output)
    return [
        node("Sub", [given, edge], above),
        node("Neg", [given], flipped),
        node("Sub", [flipped, edge], below),
        node("Relu", [above], up),
        node("Relu", [below], down),
        node("Sub", [up, down], output),
    ]


_IMAGE = 4


def apply_prelu(editor: Editor) -> int:
    """PRelu(x) = Relu(x) - slope * Relu(-x), where the slopes are several and x is no image."""
    return editor.replace(lambda one: _prelu(one, editor) if one.op_type == "PRelu" else None)


def _prelu(one: Any, editor: Editor) -> list[Any] | None:
    given, slope = one.input
    if editor.rank(given) == _IMAGE or np.prod(editor.shapes[slope]) == 1:
        return None
    output = one.output[0]
    over, flipped, under, scaled = (editor.name(output) for _ in range(4))
    return [
        node("Relu", [given], over),
        node("Neg", [given], flipped),
        node("Relu", [flipped], under),
        node("Mul", [under, slope], scaled),
        node("Sub", [over, scaled], output),
    ]
