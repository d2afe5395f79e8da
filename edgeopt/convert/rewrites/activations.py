"""Elu with an alpha of its own: onnx2tf 2.6.9 makes LiteRT's ELU of it, whose alpha is 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeopt.convert.rewrites.editor import Editor, attributes, node


def apply(editor: Editor) -> int:
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
