"""Two files of one structure differ in weights alone."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.sources.structure import StructureRequest, find


def saved(path, seed=0, width=4, kernel=3, names="", axis=1):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=(width, 1, kernel, kernel)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["x", f"{names}w"], [f"{names}c"], pads=[1, 1, 1, 1]),
        helper.make_node("Reshape", [f"{names}c", f"{names}s"], [f"{names}r"]),
        helper.make_node("Softmax", [f"{names}r"], ["y"], axis=axis),
    ]
    shape = np.int64([1, -1])
    graph = helper.make_graph(
        nodes,
        f"{names}g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weight, f"{names}w"), numpy_helper.from_array(shape, f"{names}s")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return find(StructureRequest(onnx=str(path)))


def test_weights_and_names_do_not_count(tmp_path):
    first = saved(tmp_path / "a.onnx")
    assert saved(tmp_path / "b.onnx", seed=1).id == first.id
    assert saved(tmp_path / "c.onnx", names="other_").id == first.id
    assert first.multiply_adds == 4 * 8 * 8 * 9
    assert first.parameters == 4 * 9 + 2


@pytest.mark.parametrize("change", [{"width": 5}, {"kernel": 1}, {"axis": 0}])
def test_shapes_and_attributes_do(tmp_path, change):
    assert saved(tmp_path / "b.onnx", **change).id != saved(tmp_path / "a.onnx").id


def two_branches(path, swapped=False, shared=False, seed=0):
    """x -> two products that are added; in either order, of one weight or of two."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=(4, 4)).astype(np.float32) for _ in range(2)]
    branches = [
        helper.make_node("MatMul", ["x", "w1"], ["a"]),
        helper.make_node("MatMul", ["x", "w1" if shared else "w2"], ["b"]),
    ]
    nodes = [*(branches[::-1] if swapped else branches), helper.make_node("Add", ["a", "b"], ["y"])]
    values = [numpy_helper.from_array(w, f"w{i + 1}") for i, w in enumerate(weights)]
    shape = [1, 4]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        values[::-1] if swapped else values[: 1 if shared else 2],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return find(StructureRequest(onnx=str(path))).id


def test_an_order_that_nothing_depends_on_does_not_count(tmp_path):
    first = two_branches(tmp_path / "a.onnx")
    assert two_branches(tmp_path / "b.onnx", swapped=True, seed=1) == first
    assert two_branches(tmp_path / "c.onnx", shared=True) != first  # one weight less


def test_what_a_branch_holds_counts(tmp_path):
    """Of an If: the operators in it, and their attributes."""

    def one(path, axis, name="then"):
        inner = helper.make_graph(
            [helper.make_node("Softmax", ["x"], [name], axis=axis)], name, [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 2])],
        )  # fmt: skip
        node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
        graph = helper.make_graph(
            [node], "g",
            [helper.make_tensor_value_info("c", TensorProto.BOOL, []),
             helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 2])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 2])],
        )  # fmt: skip
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
        return find(StructureRequest(onnx=str(path))).id

    first = one(tmp_path / "a.onnx", 0)
    assert one(tmp_path / "b.onnx", 1) != first
    assert one(tmp_path / "c.onnx", 0, "other") == first


@pytest.mark.slow
def test_two_instances_of_a_pytorch_network(tmp_path):
    from collections import OrderedDict

    import torch
    from torch import nn

    def made(seed, width, first=""):
        """Layers whose names, and so their weights', are in another order for another `first`."""
        torch.manual_seed(seed)
        layers = [("b", nn.Linear(6, width)), ("r", nn.ReLU()), (f"{first}c", nn.Linear(width, 3))]
        path = tmp_path / f"{seed}.onnx"
        torch.onnx.export(
            nn.Sequential(OrderedDict(layers)), (torch.zeros(1, 6),), path,
            dynamo=True, external_data=False, verbose=False,
        )  # fmt: skip
        return find(StructureRequest(onnx=str(path))).id

    first = made(1, 8)
    assert made(2, 8, first="a") == first
    assert made(3, 12) != first


def test_of_integers_the_values_count(tmp_path):
    path = tmp_path / "a.onnx"
    before = saved(path).id
    model = onnx.load(path)
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.int64([-1, 4]), "s"))
    onnx.save(model, path)
    assert find(StructureRequest(onnx=str(path))).id != before
