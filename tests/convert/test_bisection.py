"""The operator that a converter gets wrong is found by cutting the model."""

import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.convert import bisection, worker
from edgeopt.convert.job import Job, Made
from edgeopt.domain.recipe import Recipe
from edgeopt.sources import onnx as onnx_source
from edgeopt.sources.request import PrepareRequest

X = np.random.default_rng(0).normal(size=(1, 4)).astype(np.float32)
CHAIN = ["Neg", "Exp", "Sin", "Abs", "Cos", "Neg"]


@pytest.fixture
def job(tmp_path):
    names = ["x", *(f"t{i}" for i in range(len(CHAIN)))]
    nodes = [
        helper.make_node(kind, [names[i]], [names[i + 1]], f"n{i}") for i, kind in enumerate(CHAIN)
    ]
    nodes.append(helper.make_node("Add", [names[-1], "b"], ["y"], "last"))
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 4]) for n in ("x", "y")]
    bias = numpy_helper.from_array(np.ones(4, np.float32), "b")
    graph = helper.make_graph(nodes, "g", values[:1], values[1:], [bias])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save_model(model, tmp_path / "m.onnx")
    np.savez(tmp_path / "x.npz", x=X)
    request = PrepareRequest(
        path=str(tmp_path / "m.onnx"), shapes={"x": (1, 4)}, folder=str(tmp_path),
        sample=str(tmp_path / "x.npz"),
    )  # fmt: skip
    return Job(
        recipe=Recipe(runtime="onnxruntime", precision="fp32"),
        source=onnx_source.prepare(request),
        calibration={},
        base=None,
        folder=str(tmp_path / "cuts"),
        cache=str(tmp_path),
    )


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["n0", "n2", "n5", "last", None])
def test_the_first_wrong_operator_is_named(tmp_path, monkeypatch, job, wrong):
    """A converter that gets one operator wrong: it adds to what that one answers."""

    def convert(given):
        model = onnx.load(str(given.source.onnx))
        for node in model.graph.node:
            if node.name == wrong:
                answer, node.output[0] = node.output[0], "before"
                model.graph.initializer.append(numpy_helper.from_array(np.float32(0.5), "off"))
                model.graph.node.append(helper.make_node("Add", ["before", "off"], [answer]))
                break
        order = onnx.helper.make_graph(
            sorted(model.graph.node, key=_depth(model)), "g", model.graph.input,
            model.graph.output, model.graph.initializer,
        )  # fmt: skip
        model.graph.CopyFrom(order)
        onnx.save_model(model, f"{given.folder}/model.onnx")
        return Made(main="model.onnx")

    monkeypatch.setattr(worker.convert.load("onnxruntime"), "convert", convert)
    found = bisection.find({"job": msgspec.to_builtins(job), "sample": str(tmp_path / "x.npz")})
    kinds = {f"n{i}": kind for i, kind in enumerate(CHAIN)} | {"last": "Add"}
    assert found == (
        None if wrong is None else {"operator": f"{kinds[wrong]} {wrong!r}", "reach": None}
    )


def _depth(model):
    """Nodes in the order in which their inputs are there."""
    makers = {node.output[0]: node for node in model.graph.node}

    def depth(node):
        return 1 + max((depth(makers[name]) for name in node.input if name in makers), default=0)

    return depth


def test_words_among_the_attributes_are_told():
    node = helper.make_node("Resize", ["x"], ["y"], mode="nearest", nearest_mode="floor")
    assert bisection.described(node) == "Resize (floor, nearest)"


def test_a_source_that_is_not_converted_by_onnx_is_not_cut(job):
    source = msgspec.structs.replace(job.source, onnx=None)
    given = msgspec.to_builtins(msgspec.structs.replace(job, source=source))
    assert bisection.find({"job": given, "sample": "none"}) is None


HEAD = '<ir_version: 8, opset_import: ["":17]> g (float[1,4] x) => (float[1,4] y) '


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "operator", "reach"),
    [
        ("a = Add(x, big) y = Softmax(a)", "Softmax", 1e10),
        ("a = Add(x, big) y = Sub(a, big)", "Sub", 1e10),
        ("a = Mul(x, big) y = Sin(a)", "Sin", 1e10),
        ("a = Exp(x) y = Softmax(a)", "Softmax", None),  # there the converter is at fault
        ("a = Mul(x, big) y = Relu(a)", "Relu", None),
    ],
)
def test_where_rounding_decides_no_conversion_is_blamed(
    tmp_path, monkeypatch, job, body, operator, reach
):
    """A converter that gets the last operator wrong; in half of the cases rounding does as much."""
    text = f"{HEAD} <float big = {{1e10}}> {{ {body} }}"
    path = tmp_path / "big.onnx"
    onnx.save_model(onnx.parser.parse_model(text), str(path))

    def convert(given):
        model = onnx.load(str(given.source.onnx))
        last = model.graph.node[-1]
        if last.op_type == operator:
            answer, last.output[0] = last.output[0], "before"
            model.graph.initializer.append(numpy_helper.from_array(np.float32(2.0), "off"))
            model.graph.node.append(helper.make_node("Mul", ["before", "off"], ["twice"]))
            model.graph.node.append(helper.make_node("Add", ["twice", "off"], [answer]))
        onnx.save_model(model, f"{given.folder}/model.onnx")
        return Made(main="model.onnx")

    monkeypatch.setattr(worker.convert.load("onnxruntime"), "convert", convert)
    source = msgspec.structs.replace(job.source, onnx=str(path), reference_path=str(path))
    told = msgspec.to_builtins(msgspec.structs.replace(job, source=source))
    found = bisection.find({"job": told, "sample": str(tmp_path / "x.npz")})
    assert found["operator"] == operator
    if reach is None:
        assert found["reach"] is None
    else:
        assert found["reach"] == pytest.approx(reach, rel=3)
