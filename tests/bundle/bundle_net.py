"""A net whose tensors are all awkward, and what is known of it."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def write(path):
    """image [1, 3, 8, 6], a scalar rate -> mask [1, 4, 8, 6], a scalar total."""
    rng = np.random.default_rng(0)
    weights = numpy_helper.from_array(rng.normal(0, 0.3, (4, 3, 3, 3)).astype(np.float32), "w")
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Sigmoid", ["c"], ["mask"]),
        helper.make_node("ReduceMean", ["image"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "rate"], ["total"]),
    ]
    inputs = [
        helper.make_tensor_value_info("image", FLOAT, [1, 3, 8, 6]),
        helper.make_tensor_value_info("rate", FLOAT, []),
    ]
    outputs = [
        helper.make_tensor_value_info("mask", FLOAT, [1, 4, 8, 6]),
        helper.make_tensor_value_info("total", FLOAT, []),
    ]
    model = helper.make_model(
        helper.make_graph(nodes, "g", inputs, outputs, [weights]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.save_model(model, str(path))
    return path


def samples(count, seed):
    """{input: [count, *shape]}."""
    rng = np.random.default_rng(seed)
    return {
        "image": rng.normal(size=(count, 1, 3, 8, 6)).astype(np.float32),
        "rate": rng.uniform(0.5, 1.5, count).astype(np.float32),
    }
