"""A small net in ONNX for the tests of TensorRT, and samples for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def write_net(path: Path) -> Path:
    """Convolution, residual addition, pooling and a product; two inputs, two outputs.

    The names sort otherwise than the file has them.
    """
    rng = np.random.default_rng(0)

    def weights(name, *shape):
        array = (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        return numpy_helper.from_array(array, name)

    def value(name, *shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    nodes = [
        helper.make_node("Conv", ["z_image", "w1", "b1"], ["c1"], "conv1", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"], "relu1"),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], "conv2", pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c2", "r1"], ["a"], "residual"),
        helper.make_node("GlobalAveragePool", ["a"], ["p"], "pool"),
        helper.make_node("Flatten", ["p"], ["f"], "flatten"),
        helper.make_node("Mul", ["f", "gain"], ["scaled"], "scaling"),
        helper.make_node("Gemm", ["scaled", "w3", "b3"], ["y_logits"], "head"),
        helper.make_node("Softmax", ["y_logits"], ["a_shares"], "softmax"),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [value("z_image", 1, 3, 8, 8), value("gain", 1, 8)],
        [value("y_logits", 1, 5), value("a_shares", 1, 5)],
        [
            weights("w1", 8, 3, 3, 3),
            weights("b1", 8),
            weights("w2", 8, 8, 3, 3),
            weights("w3", 8, 5),
            weights("b3", 5),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


def samples(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((count, 1, 3, 8, 8)).astype(np.float32)
    return {"z_image": image, "gain": rng.random((count, 1, 8)).astype(np.float32)}
