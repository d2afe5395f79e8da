"""What layers have to do, counted by hand for a small graph."""

from __future__ import annotations

from onnx import helper

from edgeopt.sources import layer_names, layer_work
from tests.sources.tiny_onnx import graph, save, tensor, weight


def test_the_work_of_a_small_network(tmp_path):
    nodes = [
        helper.make_node(
            "Conv", ["x", "w"], ["y"], name="one", kernel_shape=[3, 3], strides=[2, 2]
        ),
        helper.make_node("Conv", ["y", "d"], ["z"], name="two", kernel_shape=[3, 3], group=4),
        helper.make_node("Relu", ["z"], ["r"]),
    ]
    weights = [weight("w", 4, 3, 3, 3), weight("d", 4, 1, 3, 3)]
    made = graph(nodes, [tensor("x", [1, 3, 9, 9])], [tensor("r", [1, 4, 2, 2])], weights)
    path = save(made, tmp_path / "m.onnx")
    found = layer_work.read(path)
    assert found.keys() == layer_names.read(path).types.keys() == {"one", "two", "r"}
    one, two, relu = found.values()
    assert (one.multiply_adds, one.depthwise, one.kernel, one.strides) == (
        4 * 16 * 27, False, (3, 3), (2, 2),
    )  # fmt: skip
    assert (one.inputs, one.weights, one.outputs) == ({"x": 243}, {"w": 108}, {"y": 64})
    assert (two.multiply_adds, two.depthwise, two.strides) == (4 * 4 * 9, True, ())
    assert (relu.multiply_adds, relu.known) == (0, True)


def test_a_shape_that_is_open_is_not_known(tmp_path):
    node = helper.make_node("MatMul", ["x", "w"], ["y"], name="m")
    made = graph([node], [tensor("x", ["n", 4])], [tensor("y", ["n", 5])], [weight("w", 4, 5)])
    work = layer_work.read(save(made, tmp_path / "m.onnx"))["m"]
    assert (work.multiply_adds, work.known, work.weights) == (None, False, {"w": 20})
