"""Tiny real ONNX models, each made for one thing that can go right or wrong."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def tensor(name, shape, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name, *shape, seed=0):
    values = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def graph(nodes, inputs, outputs, weights=(), opset=17, ir=8, domains=()):
    return helper.make_model(
        helper.make_graph(nodes, "g", inputs, outputs, list(weights)),
        opset_imports=[
            helper.make_opsetid("", opset),
            *(helper.make_opsetid(domain, 1) for domain in domains),
        ],
        ir_version=ir,
    )


def save(model, path, **options):
    onnx.save_model(model, str(path), **options)
    return path


def mlp(batch="N", opset=17, ir=8, hidden=8):
    """x[batch, 4] -> y[batch, 3]."""
    weights = [weight("w1", 4, hidden), weight("w2", hidden, 3, seed=1)]
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w2"], ["y"]),
    ]
    inputs = [tensor("x", [batch, 4])]
    if ir < 4:  # weights are inputs as well
        inputs += [tensor(w.name, list(w.dims)) for w in weights]
    return graph(nodes, inputs, [tensor("y", [batch, 3])], weights, opset, ir)


def mlp_of_constants():
    """The same, its weights in Constant nodes, as some exporters write them."""
    model = mlp(batch=1)
    weights = list(model.graph.initializer)
    del model.graph.initializer[:]
    nodes = [helper.make_node("Constant", [], [w.name], value=w) for w in weights]
    nodes += list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def tokens():
    """ids[batch, length] int64, mask[batch, length] -> y[batch, 5]."""
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"]),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["kept"]),
        helper.make_node("ReduceMean", ["kept"], ["y"], axes=[1], keepdims=0),
    ]
    last = numpy_helper.from_array(np.array([-1], np.int64), "last")
    return graph(
        nodes,
        [tensor("ids", ["batch", "length"], INT64), tensor("mask", ["batch", "length"])],
        [tensor("y", ["batch", 5])],
        [weight("table", 11, 5), last],
    )


def scaled():
    """x[batch, 4] and a scalar int64 rate -> y = x * rate."""
    nodes = [
        helper.make_node("Cast", ["rate"], ["r"], to=FLOAT),
        helper.make_node("Mul", ["x", "r"], ["y"]),
    ]
    return graph(
        nodes,
        [tensor("x", ["batch", 4]), tensor("rate", [], INT64)],
        [tensor("y", ["batch", 4])],
    )


def unknown_operator(domain=""):
    nodes = [helper.make_node("Frobnicate", ["x"], ["y"], domain=domain)]
    return graph(
        nodes, [tensor("x", [1, 4])], [tensor("y", [1, 4])], domains=[domain] if domain else ()
    )


def dangling():
    """Protobuf to the letter, but its only node reads a value that nobody makes."""
    nodes = [helper.make_node("Relu", ["nowhere"], ["y"])]
    return graph(nodes, [tensor("x", [1, 4])], [tensor("y", [1, 4])])


def misfit():
    """Passes ONNX's checker, but the shapes of a product do not fit."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    return graph(nodes, [tensor("x", [1, 4])], [tensor("y", [1, 2])], [weight("w", 5, 2)])


def sequence_input():
    value = helper.make_tensor_sequence_value_info("xs", FLOAT, [1, 4])
    nodes = [helper.make_node("ConcatFromSequence", ["xs"], ["y"], axis=0)]
    return graph(nodes, [value], [tensor("y", [None, 4])])


def sequence_output():
    value = helper.make_tensor_sequence_value_info("ys", FLOAT, None)
    nodes = [helper.make_node("SplitToSequence", ["x"], ["ys"], axis=0)]
    return graph(nodes, [tensor("x", [2, 4])], [value])


def strings():
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    kind = TensorProto.STRING
    return graph(nodes, [tensor("x", [1, 4], kind)], [tensor("y", [1, 4], kind)])


def shapeless():
    """An input of which the file gives the type alone."""
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    return graph(
        nodes,
        [helper.make_tensor_value_info("x", FLOAT, None)],
        [helper.make_tensor_value_info("y", FLOAT, None)],
    )


def branches():
    """x[1] -> sin(x) where x > 0, else cos(x)."""
    then, otherwise = (
        helper.make_graph([helper.make_node(name, ["x"], [out])], name, [], [tensor(out, [1])])
        for name, out in (("Sin", "a"), ("Cos", "b"))
    )
    nodes = [
        helper.make_node("Greater", ["x", "zero"], ["positive"]),
        helper.make_node("If", ["positive"], ["y"], then_branch=then, else_branch=otherwise),
    ]
    zero = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    return graph(nodes, [tensor("x", [1])], [tensor("y", [1])], [zero])


def typed(kind):
    """An input of another element type."""
    model = mlp(batch=1)
    model.graph.input[0].type.tensor_type.elem_type = kind
    return model
