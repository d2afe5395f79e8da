"""An OpenVINO model as NNCF takes it."""

from __future__ import annotations

from typing import Any

import numpy as np

#: What NNCF corrects the biases of.
_WITH_WEIGHTS = ("Convolution", "GroupConvolution", "ConvolutionBackpropData", "MatMul")


def prepare(model: Any) -> None:
    """Write one number that is added behind weights as one number for each channel, in place.

    NNCF takes it for a bias of as many values as there are channels, and its bias correction then
    ends with "cannot reshape array of size 5 into shape ()".
    """
    from openvino import opset13

    for op in model.get_ordered_ops():
        if op.get_type_name() != "Add":
            continue
        for place, other in ((0, 1), (1, 0)):
            before, constant = op.input_value(place).get_node(), op.input_value(other).get_node()
            if before.get_type_name() not in _WITH_WEIGHTS or not _is_one_number(constant):
                continue
            whole = _by_channel(constant.get_data(), before)
            if whole is not None:
                name = constant.get_friendly_name()
                op.input(other).replace_source_output(opset13.constant(whole, name=name).output(0))
    model.validate_nodes_and_infer_types()


def _is_one_number(node: Any) -> bool:
    return node.get_type_name() == "Constant" and int(np.prod(list(node.get_shape()))) == 1


def _by_channel(number: np.ndarray, before: Any) -> np.ndarray | None:
    """The number once for each channel of what it is added to; None where these are not known."""
    shape = before.output(0).get_partial_shape()
    axis = -1 if before.get_type_name() == "MatMul" else 1
    if shape.rank.is_dynamic or len(shape) < 2 or shape[axis].is_dynamic:
        return None
    wanted = [1] * len(shape)
    wanted[axis] = shape[axis].get_length()
    return np.full(wanted, number.reshape(-1)[0], number.dtype)
