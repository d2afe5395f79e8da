"""2:4 sparsity: of each four weights along the input channels the two smallest become zero.

Tensor cores since Ampere skip them (Mishra et al., "Accelerating Sparse Deep Neural Networks",
arXiv:2104.08378). By magnitude alone and without training again: what is lost shows in the score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx


def prune(weights: np.ndarray, axis: int) -> np.ndarray:
    """The weights with the two smallest of each four along an axis set to 0.

    Args:
        weights: any shape; its length along `axis` is a multiple of 4.

    Raises:
        ValueError: it is not.
    """
    if weights.shape[axis] % 4:
        raise ValueError(f"{weights.shape[axis]} weights along axis {axis} are no groups of 4")
    rows = np.moveaxis(weights, axis, -1)
    groups = rows.reshape(-1, 4)
    smallest = np.argsort(np.abs(groups), axis=1, kind="stable")[:, :2]
    kept = groups.copy()
    np.put_along_axis(kept, smallest, 0, axis=1)
    return np.ascontiguousarray(np.moveaxis(kept.reshape(rows.shape), -1, axis))


def prune_model(model: onnx.ModelProto) -> tuple[int, int]:
    """Prune the constant weights of Conv, Gemm and MatMul, in place.

    Weights that another operator reads as well, and those of convolutions whose channels are
    no multiple of 4 (the first of an image, depthwise ones), stay as they are.

    Returns:
        (weights that are now zero by it, weights of all these operators).
    """
    from onnx import numpy_helper

    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    readers = [name for node in model.graph.node for name in node.input]
    zeroed = total = 0
    for node in model.graph.node:
        axis = _axis(node)
        name = node.input[1] if axis is not None else ""
        if axis is None or name not in constants:
            continue
        weights = numpy_helper.to_array(constants[name])
        total += weights.size
        if readers.count(name) == 1 and weights.ndim > 1 and weights.shape[axis] % 4 == 0:
            constants[name].CopyFrom(numpy_helper.from_array(prune(weights, axis), name))
            zeroed += weights.size // 2
    return zeroed, total


def _axis(node: onnx.NodeProto) -> int | None:
    """The axis of a weight that is summed over; None: the operator has none."""
    if node.op_type == "Conv":
        return 1
    if node.op_type == "MatMul":
        return 0
    if node.op_type == "Gemm":
        return 1 if any(a.name == "transB" and a.i for a in node.attribute) else 0
    return None
