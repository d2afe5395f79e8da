"""The network of `network.py` as ONNX, in float32, or with quantized layers (QDQ)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgeopt.convert.roof import network
from edgeopt.domain.roof import KernelKind


def write(path: Path, kernel: KernelKind, *, quantized: bool) -> None:
    """Write it: pointwise convolutions of [1, c, 16, 16], or products of [1, 256, c].

    Raises:
        ImportError: the onnx package is missing.
    """
    import onnx
    from onnx import helper

    graph = _Graph(kernel, quantized)
    last = graph.built()
    values = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, graph.shape(channels))
        for name, channels in (("input", network.FIRST), (last, network.LAST))
    ]
    made = helper.make_graph(graph.nodes, "roof", values[:1], values[1:], graph.constants)
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(made, opset_imports=[opset], ir_version=8), path)


class _Graph:
    def __init__(self, kernel: KernelKind, quantized: bool) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._kernel, self._quantized = kernel, quantized

    def shape(self, channels: int) -> list[int]:
        side = network.SIDE
        return [1, channels, side, side] if self._kernel == "convolution" else [
            1, network.ROWS, channels
        ]  # fmt: skip

    def built(self) -> str:
        """Add every layer; the name of the last tensor."""
        if self._quantized:
            self._constant("s", np.float32(network.ACTIVATION_SCALE))
            self._constant("z", np.uint8(0))
            self._constant("ws", np.float32(network.WEIGHT_SCALE))
            self._constant("wz", np.int8(0))
        at = self._through_integers("input")
        for number, weight in enumerate(network.weights()):
            at = self._through_integers(self._layer(number, weight, at))
        return at

    def _layer(self, number: int, weight: np.ndarray, at: str) -> str:
        name = f"w{number}"
        turned = weight[:, :, None, None] if self._kernel == "convolution" else weight.T
        stored = network.integers(turned) if self._quantized else turned
        self._constant(name, np.ascontiguousarray(stored))
        if self._quantized:
            name = self._node("DequantizeLinear", [name, "ws", "wz"], f"{name}_float")
        kind = "Conv" if self._kernel == "convolution" else "MatMul"
        made = self._node(kind, [at, name], f"layer{number}")
        # Integers without a sign end at 0 by themselves.
        return made if self._quantized else self._node("Relu", [made], f"relu{number}")

    def _through_integers(self, at: str) -> str:
        if not self._quantized:
            return at
        stored = self._node("QuantizeLinear", [at, "s", "z"], f"{at}_q")
        return self._node("DequantizeLinear", [stored, "s", "z"], f"{at}_dq")

    def _node(self, kind: str, inputs: list[str], output: str) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], name=output))
        return output

    def _constant(self, name: str, value: Any) -> None:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
