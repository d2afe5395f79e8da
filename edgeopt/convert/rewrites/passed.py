"""Outputs that are inputs: pnnx 20261020 leaves such a node out, and then crashes."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeopt.convert.rewrites.editor import Editor, node


def apply(editor: Editor) -> int:
    """Output = input * 1, which a tool computes like any other value."""
    graph = editor.model.graph
    inputs = {value.name for value in graph.input}
    outputs = {value.name for value in graph.output}

    def multiplied(one: Any) -> list[Any] | None:
        passed = one.op_type in ("Identity", "Dropout") and one.input[0] in inputs
        if not passed or one.output[0] not in outputs:
            return None
        factor = editor.constant(np.ones(1, np.float32), one.output[0])
        return [node("Mul", [one.input[0], factor], one.output[0])]

    return editor.replace(multiplied)
