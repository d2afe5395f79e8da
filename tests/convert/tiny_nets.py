"""Small nets with weights enough to show in a file's size, as ONNX and as PyTorch."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def tensor(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name, *shape, seed=0):
    values = np.random.default_rng(seed).normal(size=shape) / np.sqrt(np.prod(shape[1:]))
    return numpy_helper.from_array(values.astype(np.float32), name)


def integers(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def write(path, nodes, inputs, outputs, weights=()):
    made = helper.make_graph(nodes, "g", inputs, outputs, list(weights))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save_model(model, str(path))
    return path


def conv(path):
    """An image [1, 3, 16, 12] -> 10 scores."""
    nodes = [
        helper.make_node("Conv", ["image", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], pads=[1, 1, 1, 1], strides=[2, 2]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("GlobalAveragePool", ["r2"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w3"], ["scores"], transB=1),
    ]
    weights = [
        weight("w1", 32, 3, 3, 3),
        weight("b1", 32, seed=1),
        weight("w2", 64, 32, 3, 3, seed=2),
        weight("w3", 10, 64, seed=3),
    ]
    image, scores = tensor("image", [1, 3, 16, 12]), tensor("scores", [1, 10])
    return write(path, nodes, [image], [scores], weights)


def depthwise(path):
    """An image [1, 3, 16, 12] -> [1, 16, 16, 12], the middle of three convolutions depthwise."""
    nodes = [
        helper.make_node("Conv", ["image", "w1"], ["c1"]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], pads=[1, 1, 1, 1], group=32),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("Conv", ["r2", "w3"], ["map"]),
    ]
    weights = [
        weight("w1", 32, 3, 1, 1),
        weight("w2", 32, 1, 3, 3, seed=1),
        weight("w3", 16, 32, 1, 1, seed=2),
    ]
    image, made = tensor("image", [1, 3, 16, 12]), tensor("map", [1, 16, 16, 12])
    return write(path, nodes, [image], [made], weights)


def uneven(path):
    """An image [1, 3, 16, 12] -> [1, 16, 16, 12]: what two depthwise convolutions read is uneven.

    One channel is 200 times as large as the others there, and as they are behind it.
    """
    loud = np.ones(32, np.float32)
    loud[0] = 200.0
    nodes, weights, given, channels = [], [], "image", 3
    for i in range(2):
        nodes += [
            helper.make_node("Conv", [given, f"w{i}"], [f"c{i}"]),
            helper.make_node("Relu", [f"c{i}"], [f"r{i}"]),
            helper.make_node("Conv", [f"r{i}", f"d{i}"], [f"e{i}"], pads=[1] * 4, group=32),
            helper.make_node("Relu", [f"e{i}"], [f"s{i}"]),
        ]
        wide = numpy_helper.to_array(weight("", 32, channels, 1, 1, seed=i))
        deep = numpy_helper.to_array(weight("", 32, 1, 3, 3, seed=9 + i))
        weights += [
            numpy_helper.from_array(wide * loud[:, None, None, None], f"w{i}"),
            numpy_helper.from_array(deep / loud[:, None, None, None], f"d{i}"),
        ]
        given, channels = f"s{i}", 32
    nodes.append(helper.make_node("Conv", [given, "last"], ["map"]))
    weights.append(weight("last", 16, 32, 1, 1, seed=2))
    image, made = tensor("image", [1, 3, 16, 12]), tensor("map", [1, 16, 16, 12])
    return write(path, nodes, [image], [made], weights)


def mlp(path):
    """[1, 64] -> [1, 10], and the middle of it."""
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["h1"]),
        helper.make_node("Relu", ["h1"], ["r1"]),
        helper.make_node("MatMul", ["r1", "w2"], ["h2"]),
        helper.make_node("Tanh", ["h2"], ["middle"]),
        helper.make_node("MatMul", ["middle", "w3"], ["scores"]),
    ]
    weights = [
        weight("w1", 64, 256),
        weight("w2", 256, 256, seed=1),
        weight("w3", 256, 10, seed=2),
    ]
    outputs = [tensor("scores", [1, 10]), tensor("middle", [1, 256])]
    return write(path, nodes, [tensor("x", [1, 64])], outputs, weights)


def several(path):
    """Inputs of one shape in no alphabetical order, integers, a scalar: nothing to match by shape.

    zeta, alpha [1, 6, 5]; ids [1, 6] int64; rate scalar -> 2 * zeta - alpha + table[ids] * rate.
    """
    nodes = [
        helper.make_node("Mul", ["zeta", "two"], ["z2"]),
        helper.make_node("Sub", ["z2", "alpha"], ["d"]),
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("Mul", ["rows", "rate"], ["scaled"]),
        helper.make_node("Add", ["d", "scaled"], ["sum"]),
        helper.make_node("ReduceSum", ["sum", "last"], ["total"], keepdims=0),
    ]
    inputs = [
        tensor("zeta", [1, 6, 5]),
        tensor("alpha", [1, 6, 5]),
        tensor("ids", [1, 6], INT64),
        tensor("rate", []),
    ]
    weights = [
        weight("table", 11, 5),
        integers("last", -1),
        numpy_helper.from_array(np.array(2, np.float32), "two"),
    ]
    outputs = [tensor("total", [1, 6]), tensor("sum", [1, 6, 5])]
    return write(path, nodes, inputs, outputs, weights)


def medley(path):
    """Side by side, what has a layout: an image, a cube, a signal, a volume; and a scalar out."""
    shapes = {"image": (3, 6, 7), "cube": (4, 4, 4), "signal": (2, 8), "volume": (2, 3, 4, 5)}
    nodes, weights, inputs, outputs = [], [], [], []
    for name, (channels, *sides) in shapes.items():
        inputs.append(tensor(name, [1, channels, *sides]))
        outputs.append(tensor(f"{name}_out", [1, 4, *sides]))
        weights.append(weight(f"{name}_w", 4, channels, *(3 for _ in sides)))
        nodes += [
            helper.make_node("Conv", [name, f"{name}_w"], [f"{name}_c"], pads=[1, 1] * len(sides)),
            helper.make_node("Tanh", [f"{name}_c"], [f"{name}_out"]),
        ]
    nodes.append(helper.make_node("ReduceSum", ["signal"], ["total"], keepdims=0))
    return write(path, nodes, inputs, [*outputs, tensor("total", [])], weights)


def lstm_with_peepholes(path, length=4, hidden=3):
    """[length, 1, 2] -> [length, 1, 1, hidden]: LiteRT has no form of it."""
    nodes = [
        helper.make_node("LSTM", ["x", "w", "r", "", "", "", "", "p"], ["y"], hidden_size=hidden)
    ]
    weights = [
        weight("w", 1, 4 * hidden, 2),
        weight("r", 1, 4 * hidden, hidden, seed=1),
        weight("p", 1, 3 * hidden, seed=2),
    ]
    outputs = [tensor("y", [length, 1, 1, hidden])]
    return write(path, nodes, [tensor("x", [length, 1, 2])], outputs, weights)


def attention(path):
    """One head over [1, 6, 32]: products of rank 3 with and without a bias, and of two values."""
    nodes = [
        helper.make_node("MatMul", ["x", "wq"], ["q0"]),
        helper.make_node("Add", ["q0", "bq"], ["q"]),
        helper.make_node("MatMul", ["x", "wk"], ["k0"]),
        helper.make_node("Add", ["bk", "k0"], ["k"]),
        helper.make_node("MatMul", ["x", "wv"], ["v"]),
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["q", "kt"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["shares"], axis=-1),
        helper.make_node("MatMul", ["shares", "v"], ["mixed"]),
        helper.make_node("Add", ["x", "mixed"], ["sum"]),
        helper.make_node("MatMul", ["sum", "w1"], ["wide"]),
        helper.make_node("Relu", ["wide"], ["r"]),
        helper.make_node("MatMul", ["r", "w2"], ["y"]),
    ]
    weights = [weight(name, 32, 32, seed=i) for i, name in enumerate(("wq", "wk", "wv"))]
    weights += [weight("bq", 32, seed=3), weight("bk", 32, seed=4)]
    weights += [weight("w1", 32, 128, seed=5), weight("w2", 128, 32, seed=6)]
    x, y = tensor("x", [1, 6, 32]), tensor("y", [1, 6, 32])
    return write(path, nodes, [x], [y], weights)


def stacked(path):
    """[2, 6, 32] by a constant of rank 3: stays a product of stacks of matrices."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"]),
        helper.make_node("Tanh", ["p"], ["y"]),
    ]
    x, y = tensor("x", [2, 6, 32]), tensor("y", [2, 6, 16])
    return write(path, nodes, [x], [y], [weight("w", 2, 32, 16)])


def heads(path):
    """A 4-D input that is no image, [1, 2, 6, 16], kept beside a 3-D one; 4-D out, too."""
    nodes = [
        helper.make_node("Reshape", ["x", "split"], ["parts"]),
        helper.make_node("Transpose", ["parts"], ["q"], perm=[0, 2, 1, 3]),
        helper.make_node("Transpose", ["memory"], ["k"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["q", "k"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["shares"], axis=-1),
        helper.make_node("MatMul", ["shares", "memory"], ["seen"]),
        helper.make_node("ReduceMean", ["seen"], ["mean"], axes=[1], keepdims=0),
    ]
    inputs = [tensor("x", [1, 6, 32]), tensor("memory", [1, 2, 6, 16])]
    outputs = [tensor("seen", [1, 2, 6, 16]), tensor("mean", [1, 6, 16])]
    return write(path, nodes, inputs, outputs, [integers("split", 1, 6, 2, 16)])


def two_by_two(path, factor=2.0):
    """p = relu(a) - factor b, q = a + b: two inputs and two outputs of one shape."""
    nodes = [
        helper.make_node("Relu", ["a"], ["over"]),
        helper.make_node("Mul", ["b", "factor"], ["scaled"]),
        helper.make_node("Sub", ["over", "scaled"], ["p"]),
        helper.make_node("Add", ["a", "b"], ["q"]),
    ]
    weights = [numpy_helper.from_array(np.array(factor, np.float32), "factor")]
    ins, outs = ([tensor(name, [1, 4]) for name in names] for names in ("ab", "pq"))
    return write(path, nodes, ins, outs, weights)


def tied_table(path):
    """ids [1, 6] -> [1, 512]: rows of a table, and the same table turned as the last product."""
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("MatMul", ["rows", "w"], ["mixed"]),
        helper.make_node("Tanh", ["mixed"], ["t"]),
        helper.make_node("ReduceMean", ["t"], ["pooled"], axes=[1], keepdims=0),
        helper.make_node("Transpose", ["table"], ["turned"], perm=[1, 0]),
        helper.make_node("MatMul", ["pooled", "turned"], ["logits"]),
    ]
    weights = [weight("table", 512, 16), weight("w", 16, 16, seed=1)]
    ids, logits = tensor("ids", [1, 6], INT64), tensor("logits", [1, 512])
    return write(path, nodes, [ids], [logits], weights)


def coder(path):
    """x [1, 256] -> [1, 256]: by a matrix, and back by the same one turned, written out twice."""
    matrix = weight("w", 256, 16)
    turned = numpy_helper.from_array(
        np.ascontiguousarray(numpy_helper.to_array(matrix).T), "w_turned"
    )
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w_turned"], ["y"]),
    ]
    return write(path, nodes, [tensor("x", [1, 256])], [tensor("y", [1, 256])], [matrix, turned])
