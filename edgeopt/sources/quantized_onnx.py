"""Whether an ONNX file holds integers in place of floats."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgeopt.domain.recipe import Precision

if TYPE_CHECKING:
    import onnx

#: Operators that compute in integers, beside those whose name begins with QLinear or QGemm.
_INTEGER = frozenset(
    {
        "ConvInteger",
        "DynamicQuantizeLSTM",
        "DynamicQuantizeLinear",
        "DynamicQuantizeMatMul",
        "MatMulInteger",
        "MatMulIntegerToFloat",
        "MatMulNBits",
        "QAttention",
        "QEmbedLayerNormalization",
        "QOrderedMatMul",
        "QuantizeLinear",
    }
)


def stored(model: onnx.ModelProto) -> Precision:
    """The precision of what a file holds: "as-is" where it is quantized in any form, else "fp32".

    The forms are QDQ, QOperator, dynamic, and weights alone.

    Dequantized pixels at an input make no quantized model; dequantized weights do.
    """
    return "as-is" if any(_quantized(model.graph)) else "fp32"


def _quantized(graph: onnx.GraphProto) -> Iterator[bool]:
    constants = {tensor.name for tensor in graph.initializer}
    constants |= {node.output[0] for node in graph.node if node.op_type == "Constant"}
    for node in graph.node:
        yield node.op_type in _INTEGER or node.op_type.startswith(("QLinear", "QGemm"))
        yield node.op_type == "DequantizeLinear" and node.input[0] in constants
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from _quantized(inner)
