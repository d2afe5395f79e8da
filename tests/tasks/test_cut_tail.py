"""A model cut where its tail begins answers as before, its tail in numpy."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper

from benchmarks.tasks.cut_tail import cut
from edgeopt.domain.errors import EdgeoptError
from tests.sources import tiny_heads
from tests.sources.tiny_heads import HEADS, images
from tests.sources.tiny_onnx import FLOAT, graph, tensor, weight


def answers(model, given):
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, given), strict=True))


def inferred(model):
    return onnx.shape_inference.infer_shapes(model, strict_mode=True)


@pytest.mark.parametrize("name", [*HEADS, "alike", "classifier"])
def test_both_pieces_answer_as_the_whole(name):
    model = inferred(getattr(tiny_heads, name)())
    pieces = cut(model)
    onnx.checker.check_model(pieces.body)
    tail = pieces.tail()
    for image in images(3):
        whole = answers(model, {"x": image})
        made = tail.run(answers(pieces.body, {"x": image}))
        assert made.keys() == whole.keys()
        for output, array in whole.items():
            near = 1e-6 * max(1.0, float(np.abs(array).max()))
            np.testing.assert_allclose(made[output], array, rtol=1e-5, atol=near)
            assert made[output].dtype == array.dtype


def test_what_leaves_is_what_the_branches_made():
    pieces = cut(inferred(tiny_heads.dfl()))
    assert [value.name for value in pieces.body.graph.output] == ["box", "cls"]
    assert {node.op_type for node in pieces.body.graph.node} == {"Conv", "Relu"}
    assert {one.name for one in pieces.body.graph.initializer} == {
        f"{layer}.{kind}" for layer in ("stem", "neck", "box", "cls") for kind in ("weight", "bias")
    }


def test_an_output_that_comes_before_the_tail_passes_through():
    pieces = cut(inferred(tiny_heads.best()))
    assert pieces.tail().inputs == ("box", "cls")
    weights = [weight("w", 4, 4, 1, 1)]
    nodes = [helper.make_node("Conv", ["x", "w"], ["raw"]), helper.make_node("Exp", ["raw"], ["y"])]
    outputs = [tensor("raw", [1, 4, 2, 2]), tensor("y", [1, 4, 2, 2])]
    model = graph(nodes, [tensor("x", [1, 4, 2, 2])], outputs, weights)
    x = images(1)[0][:, :1, :2, :2].repeat(4, axis=1)
    whole, both = answers(model, {"x": x}), cut(model)
    made = both.tail().run(answers(both.body, {"x": x}))
    np.testing.assert_array_equal(made["raw"], whole["raw"])
    np.testing.assert_allclose(made["y"], whole["y"], rtol=1e-6)


def test_an_input_that_only_the_tail_reads_is_given_to_it():
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node("Add", ["c", "x"], ["y"]),
    ]
    shape = [1, 4, 2, 2]
    model = graph(nodes, [tensor("x", shape)], [tensor("y", shape)], [weight("w", 4, 4, 1, 1)])
    pieces = cut(model)
    assert pieces.tail().inputs == ("c", "x")
    assert [value.name for value in pieces.body.graph.output] == ["c"]


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        (("Resize", ["c", "", "", "sizes"], ["y"]), "numpy has no Resize here"),
        (None, "there is no tail to cut"),
    ],
)
def test_what_cannot_be_cut_is_told(node, sentence):
    sizes = onnx.numpy_helper.from_array(np.array([1, 4, 4, 4]), "sizes")
    last = "c" if node else "y"
    nodes = [helper.make_node("Conv", ["x", "w"], [last])]
    nodes += [helper.make_node(*node)] if node else []
    model = graph(
        nodes, [tensor("x", [1, 4, 2, 2])], [tensor("y", [1, 4, None, None], FLOAT)],
        [weight("w", 4, 4, 1, 1), sizes],
    )  # fmt: skip
    with pytest.raises(EdgeoptError, match=sentence):
        cut(model)


@pytest.mark.parametrize(
    ("opset", "operator", "about"),
    [
        (6, "Clip", {"min": -0.1, "max": 0.1}),
        (10, "Clip", {"min": -0.1, "max": 0.1}),
        (11, "Softmax", {"axis": 1}),
        (12, "Softmax", {"axis": 1}),
        (13, "Softmax", {"axis": 1}),
    ],
)
def test_operators_of_an_older_opset_are_refused_and_not_misread(opset, operator, about):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"]),
        helper.make_node(operator, ["c"], ["y"], **about),
    ]
    shape = [1, 4, 2, 2]
    model = graph(nodes, [tensor("x", shape)], [tensor("y", shape)], [weight("w", 4, 4, 1, 1)])
    model.opset_import[0].version = opset
    onnx.checker.check_model(model)
    if opset < 13:
        with pytest.raises(EdgeoptError, match=f"of opset {opset}, and its tail runs in numpy"):
            cut(model)
        return
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    pieces = cut(model)
    made = pieces.tail().run(answers(pieces.body, {"x": x}))
    np.testing.assert_allclose(made["y"], answers(model, {"x": x})["y"], rtol=1e-5)
