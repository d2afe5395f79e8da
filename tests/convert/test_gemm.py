import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper

from edgeopt.convert import gemm
from tests.convert import tiny_nets


def kinds(model):
    return [node.op_type for node in model.graph.node]


def run(model, arrays):
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, arrays)


def rewritten(path):
    """The model before and after, held to the same answers."""
    before = onnx.load(str(path))
    after = onnx.load(str(path))
    gemm.from_matmul(after)
    onnx.checker.check_model(after, full_check=True)
    rng = np.random.default_rng(0)
    arrays = {
        value.name: rng.normal(
            size=[dim.dim_value for dim in value.type.tensor_type.shape.dim]
        ).astype(np.float32)
        for value in before.graph.input
    }
    for own, theirs in zip(run(after, arrays), run(before, arrays), strict=True):
        np.testing.assert_allclose(own, theirs, rtol=1e-5, atol=1e-6)
    return before, after


def test_matrices(tmp_path):
    _, after = rewritten(tiny_nets.mlp(tmp_path / "m.onnx"))
    assert kinds(after) == ["Gemm", "Relu", "Gemm", "Tanh", "Gemm"]


def test_stacks_of_matrices_by_one_matrix(tmp_path):
    before, after = rewritten(tiny_nets.attention(tmp_path / "m.onnx"))
    assert kinds(before).count("MatMul") == 7
    assert kinds(after).count("MatMul") == 2  # of two values each: no constant
    assert kinds(after).count("Gemm") == 5
    assert kinds(after).count("Add") == 1  # two of three were biases
    assert kinds(after).count("Reshape") == 10


def test_a_constant_of_rank_3_stays(tmp_path):
    _, after = rewritten(tiny_nets.stacked(tmp_path / "m.onnx"))
    assert kinds(after) == ["MatMul", "Tanh"]


def test_without_products_nothing_changes(tmp_path):
    before, after = rewritten(tiny_nets.conv(tmp_path / "m.onnx"))
    assert before == after


def added(path, addend, more=(), outputs=("y",), shape=(1, 8)):
    """x @ w + addend."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["p"]),
        helper.make_node("Add", ["p", "b"], ["y"]),
        *more,
    ]
    return tiny_nets.write(
        path,
        nodes,
        [tiny_nets.tensor("x", [1, 4])],
        [tiny_nets.tensor(name, shape) for name in outputs],
        [tiny_nets.weight("w", 4, 8), tiny_nets.weight("b", *addend, seed=1)],
    )


def test_a_bias(tmp_path):
    _, after = rewritten(added(tmp_path / "m.onnx", (8,)))
    assert kinds(after) == ["Gemm"]


@pytest.mark.parametrize("addend", [(1,), (1, 8), (3, 8)])
def test_an_addend_that_is_no_bias(tmp_path, addend):
    shape = (max(addend[0], 1), 8) if len(addend) == 2 else (1, 8)
    _, after = rewritten(added(tmp_path / "m.onnx", addend, shape=shape))
    assert kinds(after) == ["Gemm", "Add"]


def test_a_product_that_others_read_keeps_its_value(tmp_path):
    _, after = rewritten(added(tmp_path / "a.onnx", (8,), outputs=("y", "p")))
    assert kinds(after) == ["Gemm", "Add"]
    more = [helper.make_node("Relu", ["p"], ["r"])]
    _, after = rewritten(added(tmp_path / "b.onnx", (8,), more, outputs=("y", "r")))
    assert kinds(after) == ["Gemm", "Add", "Relu"]


def test_a_product_that_a_branch_reads_keeps_its_value(tmp_path):
    branches = [
        helper.make_graph(
            [helper.make_node(kind, ["p"], [kind])], kind, [], [tiny_nets.tensor(kind, [1, 8])]
        )
        for kind in ("Relu", "Tanh")
    ]
    more = [
        helper.make_node("ReduceSum", ["y"], ["s"], keepdims=0),
        helper.make_node("Cast", ["s"], ["positive"], to=onnx.TensorProto.BOOL),
        helper.make_node(
            "If", ["positive"], ["z"], then_branch=branches[0], else_branch=branches[1]
        ),
    ]
    _, after = rewritten(added(tmp_path / "m.onnx", (8,), more, outputs=("y", "z")))
    assert kinds(after) == ["Gemm", "Add", "ReduceSum", "Cast", "If"]


def test_rows_of_no_known_shape_stay():
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    model = helper.make_model(
        helper.make_graph(
            [node],
            "g",
            [tiny_nets.tensor("x", ["n", 4])],
            [tiny_nets.tensor("y", ["n", 8])],
            [tiny_nets.weight("w", 4, 8)],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
    )
    gemm.from_matmul(model)
    assert kinds(model) == ["MatMul"]


def test_a_vector_by_a_matrix_stays(tmp_path):
    path = tiny_nets.write(
        tmp_path / "m.onnx",
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [tiny_nets.tensor("x", [4])],
        [tiny_nets.tensor("y", [8])],
        [tiny_nets.weight("w", 4, 8)],
    )
    _, after = rewritten(path)
    assert kinds(after) == ["MatMul"]
