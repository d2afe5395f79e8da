"""TensorFlow's operators that tf2onnx 1.17 leaves as they are, in ONNX's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


class _Words:
    """ONNX's operators around one node of TensorFlow's, whose place the last of them takes."""

    def __init__(self, graph: Any, node: Any) -> None:
        self._graph = graph
        kind = graph.get_dtype(node.output[0]) or graph.get_dtype(node.input[0])
        self._shape = graph.get_shape(node.output[0])
        self._kind = kind
        self.inputs = list(node.input)

    def number(self, value: float) -> str:
        from tf2onnx import utils

        kind = utils.map_onnx_to_numpy_type(self._kind)
        made = self._graph.make_const(utils.make_name("number"), np.array(value, kind))
        return str(made.output[0])

    def __call__(self, kind: str, *inputs: str) -> str:
        return str(self._graph.make_node(kind, list(inputs)).output[0])

    def where_zero(self, tested: str, otherwise: str) -> str:
        """0 where a value is 0, whatever stands on the other side there."""
        return self("Where", self("Equal", tested, self.number(0)), self.number(0), otherwise)

    def put(self, result: str, name: str, outputs: list[str]) -> None:
        kinds, shapes = [self._kind], [self._shape]
        self._graph.make_node(
            "Identity", [result], name=name, outputs=outputs, dtypes=kinds, shapes=shapes
        )


#: Operator -> the same from others.
_WRITTEN: dict[str, Callable[[_Words], str]] = {
    # Keras's exact gelu.
    "Erfc": lambda w: w("Sub", w.number(1), w("Erf", *w.inputs)),
    # Keras's celu.
    "Expm1": lambda w: w("Sub", w("Exp", *w.inputs), w.number(1)),
    "Log1p": lambda w: w("Log", w("Add", *w.inputs, w.number(1))),
    "Xlogy": lambda w: w.where_zero(w.inputs[0], w("Mul", w.inputs[0], w("Log", w.inputs[1]))),
    "Xdivy": lambda w: w.where_zero(w.inputs[0], w("Div", *w.inputs)),
    "MulNoNan": lambda w: w.where_zero(w.inputs[1], w("Mul", *w.inputs)),
}


def handlers() -> dict[str, tuple[Callable[..., None], list[str]]]:
    """What tf2onnx takes as `custom_op_handlers`."""
    return {kind: (_handler(write), []) for kind, write in _WRITTEN.items()}


def _handler(write: Callable[[_Words], str]) -> Callable[..., None]:
    def handle(graph: Any, node: Any, name: str, _: Any) -> None:
        words, outputs = _Words(graph, node), list(node.output)
        graph.remove_node(node.name)
        words.put(write(words), name, outputs)

    return handle
