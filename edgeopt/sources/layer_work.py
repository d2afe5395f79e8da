"""What each layer of an ONNX file has to do."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from edgeopt.domain.layer_work import LayerWork
from edgeopt.sources.costs import multiply_adds, shapes_of

if TYPE_CHECKING:
    import onnx


def read(path: Path) -> dict[str, LayerWork]:
    """Node -> its work, by the names that `layer_names.read` gives. Weights are not read.

    Raises:
        Exception: the onnx package is missing, or the file is no ONNX model.
    """
    import onnx

    model = onnx.load(str(path), load_external_data=False)
    shapes = shapes_of(onnx.shape_inference.infer_shapes(model))
    constants = {one.name for one in model.graph.initializer}
    constants |= {n.output[0] for n in model.graph.node if n.op_type == "Constant"}
    return {
        node.name or node.output[0]: _work(node, shapes, constants)
        for node in model.graph.node
        if node.output
    }


def _work(
    node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]], constants: set[str]
) -> LayerWork:
    size = {name: math.prod(shapes[name]) for name in (*node.input, *node.output) if name in shapes}
    named = [name for name in (*node.input, *node.output) if name]
    depthwise = node.op_type.endswith("Conv") and _groups(node) > 1
    if depthwise:
        first = shapes.get(node.input[0], ())
        depthwise = len(first) > 1 and _groups(node) == first[1]
    return LayerWork(
        type=node.op_type,
        multiply_adds=multiply_adds(node, shapes),
        inputs={n: size[n] for n in node.input if n in size and n not in constants},
        weights={n: size[n] for n in node.input if n in size and n in constants},
        outputs={n: size[n] for n in node.output if n in size},
        known=all(name in size or name in constants for name in named),
        kernel=_integers(node, "kernel_shape"),
        strides=_integers(node, "strides"),
        depthwise=depthwise,
    )


def _integers(node: onnx.NodeProto, name: str) -> tuple[int, ...]:
    return next((tuple(one.ints) for one in node.attribute if one.name == name), ())


def _groups(node: onnx.NodeProto) -> int:
    return next((one.i for one in node.attribute if one.name == "group"), 1)
