"""The names of an ONNX file's nodes and tensors."""

from __future__ import annotations

from pathlib import Path

from edgeopt.domain.layer_names import LayerNames


def read(path: Path) -> LayerNames:
    """The names in the main graph; the weights are not read.

    Raises:
        Exception: the onnx package is missing, or the file is no ONNX model.
    """
    import onnx

    nodes = onnx.load(str(path), load_external_data=False).graph.node
    named = [(node.name or (node.output[0] if node.output else ""), node) for node in nodes]
    makers = {tensor: name for name, node in named for tensor in node.output if tensor}
    return LayerNames(
        types={name: node.op_type for name, node in named},
        makers=makers,
        before={name: makers[t] for name, node in named for t in node.input[:1] if t in makers},
    )
