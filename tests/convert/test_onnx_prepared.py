"""Rewrites before quantizers: the same answers, as many operators, no name that is taken."""

import numpy as np
import onnx
import onnxruntime
import pytest

from edgeopt.convert.onnx_graph import Graph
from edgeopt.convert.onnx_prepared import prepare
from tests.convert import odd_nets, tiny_nets

NETS = [*sorted(odd_nets.NETS), "conv", "attention", "several", "medley"]


def net(name, folder):
    nets = odd_nets if name in odd_nets.NETS else tiny_nets
    return getattr(nets, name)(folder / "m.onnx")


def answers(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    rng = np.random.default_rng(0)
    fed = {
        value.name: np.array(
            rng.integers(0, 11, value.shape)
            if "int" in value.type
            else rng.normal(size=value.shape),
            "int64" if "int" in value.type else "float32",
        )
        for value in session.get_inputs()
    }
    return session.run(None, fed)


@pytest.mark.parametrize("name", NETS)
def test_a_prepared_graph_answers_the_same(name, tmp_path):
    model = onnx.load(str(net(name, tmp_path)))
    before, kinds = answers(model), [node.op_type for node in model.graph.node]
    prepare(model)
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == kinds
    for want, got in zip(before, answers(model), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["conv", "attention", "grouped_up_2d", "padded"])
def test_what_is_in_order_stays_as_it_is(name, tmp_path):
    model = onnx.load(str(net(name, tmp_path)))
    before = model.SerializeToString(deterministic=True)
    prepare(model)
    assert model.SerializeToString(deterministic=True) == before


def test_each_has_a_bias_and_each_way_to_read_a_table(tmp_path):
    model = onnx.load(str(net("shared_bias", tmp_path)))
    prepare(model)
    biases = [node.input[2] for node in model.graph.node if node.op_type == "Conv"]
    assert len(set(biases)) == 3
    assert len({node.input[1] for node in model.graph.node if node.op_type == "Conv"}) == 1
    model = onnx.load(str(net("tied", tmp_path)))
    prepare(model)
    gather, _, first, _, second, last = model.graph.node
    assert len({gather.input[0], first.input[1], second.input[1], last.input[1]}) == 4


def test_gemm_has_no_factors_and_a_bias_for_each_output(tmp_path):
    model = onnx.load(str(net("gemm_factors", tmp_path)))
    prepare(model)
    shapes = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    gemms = [node for node in model.graph.node if node.op_type == "Gemm"]
    assert [shapes[node.input[2]] for node in gemms] == [(32,), (24,), (5,)]
    assert {a.name for node in gemms for a in node.attribute} <= {"transB"}
    assert len(shapes) == 6  # what was replaced is gone


def test_names_are_free_and_those_of_the_outside_stay(tmp_path):
    model = onnx.load(str(net("taken_names", tmp_path)))
    prepare(model)
    names = {name for node in model.graph.node for name in (*node.input, *node.output)}
    for taken in ("w_quantized", "w_zero_point", "x_QuantizeLinear_Output", "x_scale"):
        assert taken not in names
    assert {"x", "w2_scale"} <= names  # input and output
    assert "w2" not in names  # so its weights have another name


def test_weights_keep_their_names_for_people(tmp_path):
    graph = Graph(net("tied", tmp_path))
    graph.prepare()
    labels = [op.label for op in graph.operators() if op.computes]
    assert labels == ["w", "w", "table"]


def test_a_subgraph_is_left_alone(tmp_path):
    """Names inside it may be those of outside."""
    node, value = onnx.helper.make_node, tiny_nets.tensor
    inside = [node("Abs", ["x_scale"], ["out"])]
    branch = onnx.helper.make_graph(inside, "b", [], [value("out", [1, 4])])
    nodes = [
        node("Relu", ["x"], ["x_scale"]),
        node("ReduceSum", ["x"], ["s"], keepdims=0),
        node("Cast", ["s"], ["yes"], to=onnx.TensorProto.BOOL),
        node("If", ["yes"], ["y"], then_branch=branch, else_branch=branch),
    ]
    path = tiny_nets.write(tmp_path / "m.onnx", nodes, [value("x", [1, 4])], [value("y", [1, 4])])
    model = onnx.load(str(path))
    before = answers(model)
    prepare(model)
    np.testing.assert_array_equal(answers(model)[0], before[0])
