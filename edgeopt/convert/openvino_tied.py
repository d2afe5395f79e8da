"""Matrices that a model multiplies by and reads turned, once in an OpenVINO model.

OpenVINO's reader turns the constants of products beforehand, so that a matrix whose transpose is
used, too, becomes two. Equal constants are written once by OpenVINO itself.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

#: Smaller constants are left as they are.
SMALLEST_BYTES = 4096


def share(model: Any) -> None:
    """Let products read a matrix that is there already, turned by the product itself; in place."""
    first: dict[tuple[object, ...], Any] = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Constant" and _is_large_matrix(node):
            first.setdefault(_content(node.data), node)
    for node in model.get_ordered_ops():
        if node.get_type_name() != "MatMul":
            continue
        constant = node.input_value(1).get_node()
        if constant.get_type_name() != "Constant" or not _is_large_matrix(constant):
            continue
        other = first.get(_content(constant.data.T))
        if other is None or _name(other) > _name(constant):  # of two, all read the same one
            continue
        _turned(node, other)


def _is_large_matrix(node: Any) -> bool:
    shape = list(node.output(0).shape)
    return len(shape) == 2 and int(np.prod(shape)) * node.output(0).element_type.size >= (
        SMALLEST_BYTES
    )


def _name(node: Any) -> str:
    return str(node.get_friendly_name())


def _content(array: np.ndarray) -> tuple[object, ...]:
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).digest()
    return (array.dtype.str, array.shape, digest)


def _turned(product: Any, other: Any) -> None:
    """The product with the other constant, in place of its own."""
    from openvino import opset13

    about = product.get_attributes()
    made = opset13.matmul(
        product.input_value(0), other.output(0), about["transpose_a"], not about["transpose_b"]
    )
    made.set_friendly_name(_name(product))
    made.output(0).set_names(product.output(0).get_names())
    for reader in product.output(0).get_target_inputs():
        reader.replace_source_output(made.output(0))
