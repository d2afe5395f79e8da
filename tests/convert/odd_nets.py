"""Small nets with one layer each that some quantizer cannot take, as ONNX."""

import numpy as np
from onnx import helper, numpy_helper

from tests.convert.tiny_nets import INT64, integers, tensor, weight, write

node = helper.make_node


def constant(name, value):
    return numpy_helper.from_array(np.array(value, np.float32), name)


def grouped_up_1d(path):
    """A signal through a grouped ConvTranspose with a bias."""
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["a"], pads=[1, 1]),
        node("Relu", ["a"], ["r"]),
        node("ConvTranspose", ["r", "w2", "b2"], ["y"], strides=[2], group=2),
    ]
    weights = [weight("w1", 16, 4, 3), weight("b1", 16), weight("w2", 16, 4, 2), weight("b2", 8)]
    return write(path, nodes, [tensor("x", [1, 4, 20])], [tensor("y", [1, 8, 40])], weights)


def grouped_up_2d(path):
    """Two of them after each other, of images."""
    nodes = [
        node("Conv", ["x", "w1"], ["a"], pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["r"]),
        node("ConvTranspose", ["r", "w2", "b2"], ["t"], strides=[2, 2], group=4),
        node("Relu", ["t"], ["q"]),
        node("ConvTranspose", ["q", "w3", "b3"], ["y"], strides=[2, 2], group=2),
    ]
    weights = [
        weight("w1", 16, 4, 3, 3),
        weight("w2", 16, 3, 2, 2),
        weight("b2", 12),
        weight("w3", 12, 2, 2, 2),
        weight("b3", 4),
    ]
    return write(path, nodes, [tensor("x", [1, 4, 8, 8])], [tensor("y", [1, 4, 32, 32])], weights)


def stacked_weights(path):
    """Products with a matrix for each head."""
    nodes = [
        node("Unsqueeze", ["x", "axis"], ["x4"]),
        node("MatMul", ["x4", "heads"], ["q"]),
        node("Relu", ["q"], ["r"]),
        node("ReduceMean", ["r"], ["m"], axes=[1, 2], keepdims=0),
        node("Gemm", ["m", "out"], ["y"]),
    ]
    weights = [integers("axis", 1), weight("heads", 4, 16, 8), weight("out", 8, 5)]
    return write(path, nodes, [tensor("x", [1, 10, 16])], [tensor("y", [1, 5])], weights)


def vector_weight(path):
    """A product with a vector."""
    nodes = [
        node("MatMul", ["x", "w1"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("MatMul", ["r", "v"], ["y"]),
    ]
    weights = [weight("w1", 16, 32), weight("v", 32)]
    return write(path, nodes, [tensor("x", [1, 6, 16])], [tensor("y", [1, 6])], weights)


def single_numbers(path):
    """One number added behind weights: of no axis, of one, of as many as the product."""
    nodes = [
        node("Conv", ["x", "w0"], ["a"]),
        node("Add", ["a", "zero_d"], ["b"]),
        node("GlobalAveragePool", ["b"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("MatMul", ["f", "w1"], ["c"]),
        node("Add", ["c", "one_d"], ["d"]),
        node("Relu", ["d"], ["r"]),
        node("MatMul", ["r", "w2"], ["e"]),
        node("Add", ["two_d", "e"], ["y"]),
    ]
    weights = [
        weight("w0", 16, 4, 1, 1),
        constant("zero_d", 0.3),
        weight("w1", 16, 32),
        constant("one_d", [0.7]),
        weight("w2", 32, 5),
        constant("two_d", [[-0.2]]),
    ]
    return write(path, nodes, [tensor("x", [1, 4, 8, 8])], [tensor("y", [1, 5])], weights)


def gemm_factors(path):
    """Gemm with alpha and beta, turned and not, and a bias of one value."""
    nodes = [
        node("Gemm", ["x", "w1", "b1"], ["a"], alpha=0.5, beta=2.0),
        node("Relu", ["a"], ["r"]),
        node("Gemm", ["r", "w2", "b2"], ["c"], transB=1, beta=0.5),
        node("Gemm", ["c", "w3", "b3"], ["y"], alpha=3.0),
    ]
    weights = [weight("w1", 16, 32), weight("b1", 32, seed=1), weight("w2", 24, 32)]
    weights += [weight("b2", 24), weight("w3", 24, 5), constant("b3", [0.4])]
    return write(path, nodes, [tensor("x", [1, 16])], [tensor("y", [1, 5])], weights)


def shared_bias(path):
    """A bias `b` of three Convs, where tensors are called b0, b1, b2 (onnxruntime#24705)."""
    nodes = [
        node("Conv", ["x", "w", "b"], ["b0"], pads=[1, 1, 1, 1]),
        node("Relu", ["b0"], ["b1"]),
        node("Conv", ["b1", "w", "b"], ["b2"], pads=[1, 1, 1, 1]),
        node("Add", ["b2", "b0"], ["s"]),
        node("Conv", ["s", "w", "b"], ["u"], pads=[1, 1, 1, 1]),
        node("GlobalAveragePool", ["u"], ["p"]),
        node("Flatten", ["p"], ["f"]),
        node("Gemm", ["f", "w2"], ["y"]),
    ]
    weights = [weight("w", 8, 8, 3, 3), weight("b", 8), weight("w2", 8, 5)]
    return write(path, nodes, [tensor("x", [1, 8, 8, 8])], [tensor("y", [1, 5])], weights)


def taken_names(path):
    """Tensors that are called as a quantizer calls what it adds; one of them is the output."""
    nodes = [
        node("MatMul", ["x", "w"], ["w_quantized"]),
        node("Relu", ["w_quantized"], ["w_zero_point"]),
        node("MatMul", ["w_zero_point", "w2"], ["x_QuantizeLinear_Output"]),
        node("Relu", ["x_QuantizeLinear_Output"], ["x_scale"]),
        node("MatMul", ["x_scale", "w3"], ["w2_scale"]),
    ]
    weights = [weight("w", 16, 32), weight("w2", 32, 32), weight("w3", 32, 5)]
    return write(path, nodes, [tensor("x", [1, 16])], [tensor("w2_scale", [1, 5])], weights)


def tied(path):
    """One table that is looked up, multiplied, and multiplied turned."""
    nodes = [
        node("Gather", ["table", "ids"], ["e"]),
        node("ReduceMean", ["e"], ["m"], axes=[1], keepdims=0),
        node("Gemm", ["m", "w"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("Gemm", ["r", "w"], ["c"], transB=1),
        node("Gemm", ["c", "table"], ["y"], transB=1),
    ]
    weights = [weight("table", 40, 16), weight("w", 16, 16, seed=1)]
    return write(path, nodes, [tensor("ids", [1, 6], INT64)], [tensor("y", [1, 40])], weights)


def places(path):
    """What is added behind weights is one number for each place, not for each channel."""
    nodes = [
        node("MatMul", ["x", "w1"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("MatMul", ["r", "w2"], ["c"]),
        node("Add", ["c", "rows"], ["y"]),
    ]
    weights = [weight("w1", 16, 32), weight("w2", 32, 5), weight("rows", 1, 7, 1)]
    return write(path, nodes, [tensor("x", [1, 7, 16])], [tensor("y", [1, 7, 5])], weights)


def constant_left(path):
    """A constant times what is computed."""
    nodes = [
        node("MatMul", ["w1", "x"], ["a"]),
        node("Relu", ["a"], ["r"]),
        node("MatMul", ["r", "w2"], ["y"]),
    ]
    weights = [weight("w1", 9, 6), weight("w2", 16, 5)]
    return write(path, nodes, [tensor("x", [1, 6, 16])], [tensor("y", [1, 9, 5])], weights)


def padded(path):
    """Average pooling that counts its padding, Max and Min by constants; beside them a GRU."""
    nodes = [
        node("Conv", ["image", "w1"], ["a"], pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["r"]),
        node("AveragePool", ["r"], ["q"], kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1),
        node("Max", ["q", "least"], ["up"]),
        node("Conv", ["up", "w2"], ["c"]),
        node("Min", ["c", "most"], ["map"]),
        node("GRU", ["signal", "wi", "wr", "wb"], ["s"], hidden_size=8, linear_before_reset=1),
        node("Squeeze", ["s", "one"], ["sq"]),
        node("MatMul", ["sq", "wo"], ["steps"]),
    ]
    weights = [
        weight("w1", 16, 4, 3, 3),
        constant("least", 0.1),
        weight("w2", 5, 16, 1, 1),
        constant("most", [0.4]),
        weight("wi", 1, 24, 6),
        weight("wr", 1, 24, 8),
        weight("wb", 1, 48),
        integers("one", 1),
        weight("wo", 8, 3),
    ]
    inputs = [tensor("image", [1, 4, 8, 8]), tensor("signal", [5, 1, 6])]
    outputs = [tensor("map", [1, 5, 8, 8]), tensor("steps", [5, 1, 3])]
    return write(path, nodes, inputs, outputs, weights)


def masked(path):
    """A map, shares of 1 and logits that masks end: by infinities, and by the least float."""
    seen = np.zeros((1, 1, 8, 8), np.float32)
    seen[..., :2] = -np.inf
    nodes = [
        node("Conv", ["x", "w1"], ["a"], pads=[1, 1, 1, 1]),
        node("Relu", ["a"], ["r"]),
        node("Conv", ["r", "w2"], ["m"]),
        node("Add", ["m", "seen"], ["map"]),
        node("ReduceMean", ["r"], ["mean"], axes=[2, 3], keepdims=0),
        node("Gemm", ["mean", "w3"], ["logits"]),
        node("Add", ["logits", "never"], ["some"]),
        node("Softmax", ["some"], ["shares"]),
        node("Gemm", ["mean", "w4"], ["others"]),
        node("Add", ["others", "least"], ["low"]),
    ]
    weights = [
        weight("w1", 16, 4, 3, 3),
        weight("w2", 2, 16, 1, 1),
        numpy_helper.from_array(seen, "seen"),
        weight("w3", 16, 5),
        constant("never", [0, 0, -np.inf, 0, 0]),
        weight("w4", 16, 4),
        constant("least", [0, 0, np.finfo(np.float32).min, 0]),
    ]
    outputs = [tensor("map", [1, 2, 8, 8]), tensor("shares", [1, 5]), tensor("low", [1, 4])]
    return write(path, nodes, [tensor("x", [1, 4, 8, 8])], outputs, weights)


NETS = frozenset(
    {
        "grouped_up_1d", "grouped_up_2d", "stacked_weights", "vector_weight", "single_numbers",
        "gemm_factors", "shared_bias", "taken_names", "tied", "places", "constant_left", "padded",
        "masked",
    }
)  # fmt: skip
