"""The names of open dimensions, read off a file; and one session for a model with names."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.runtimes import fixed_shapes, onnxruntime
from edgeopt.runtimes.onnx_dimensions import dimensions

SHAPES = {"x": ["batch", 3, "größe"], "unnamed": [None, 2], "closed": [1, 300], "scalar": []}


def saved(path: Path) -> Path:
    """Inputs of each kind, one that is a weight, too, and weights before and after them."""
    value = helper.make_tensor_value_info
    inputs = [value(name, TensorProto.FLOAT, shape) for name, shape in SHAPES.items()]
    weights = [numpy_helper.from_array(np.ones((3, 300), np.float32), "w")]
    graph = helper.make_graph(
        [helper.make_node("Abs", ["x"], ["y"]), helper.make_node("Identity", ["w"], ["z"])],
        "g",
        [*inputs, value("w", TensorProto.FLOAT, [3, 300])],
        [value("y", TensorProto.FLOAT, SHAPES["x"]), value("z", TensorProto.FLOAT, [3, 300])],
        weights,
    )
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, doc_string="d" * 300)
    onnx.save(model, str(path))
    return path


@pytest.fixture
def path(tmp_path):
    return saved(tmp_path / "m.onnx")


def test_what_onnx_reads_is_read(path):
    found = {
        one.name: [dim.dim_param for dim in one.type.tensor_type.shape.dim]
        for one in onnx.load(path).graph.input
    }
    assert dimensions(str(path)) == found
    assert found["x"] == ["batch", "", "größe"]
    assert (found["scalar"], found["unnamed"]) == ([], ["", ""])


def test_inputs_that_are_no_tensors_have_no_names(tmp_path):
    kind = helper.make_sequence_type_proto(helper.make_tensor_type_proto(1, ["n"]))
    value = helper.make_value_info("s", kind)
    graph = helper.make_graph([helper.make_node("Identity", ["s"], ["t"])], "g", [value], [])
    onnx.save(helper.make_model(graph), str(tmp_path / "s.onnx"))
    assert dimensions(str(tmp_path / "s.onnx")) == {"s": []}


@pytest.mark.slow
def test_damage_raises_nothing(path):
    whole, rng = path.read_bytes(), random.Random(0)
    for _ in range(300):
        damaged = bytearray(whole[: rng.randrange(len(whole))] if rng.random() < 0.3 else whole)
        for _ in range(rng.randrange(4) if damaged else 0):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        assert isinstance(dimensions(str(path)), dict)
    for content in (b"", b"\xff" * 40, b"PK\x03\x04", b"hello"):
        path.write_bytes(content)
        assert dimensions(str(path)) == {}


def test_a_model_with_named_dimensions_is_opened_once(path, monkeypatch):
    opened, real = [], onnxruntime._session
    monkeypatch.setattr(
        onnxruntime, "_session", lambda *a, **more: opened.append(more) or real(*a, **more)
    )
    shapes = {"x": [2, 3, 5], "unnamed": [4, 2]}
    session = onnxruntime.open_session(str(path), 1, {"shapes": fixed_shapes.option(shapes)})
    assert opened == [{"dims": {"batch": 2, "größe": 5}}]
    given = {spec["name"]: spec["shape"] for spec in session.inputs}
    assert (given["x"], given["unnamed"], given["closed"]) == ([2, 3, 5], [4, 2], [1, 300])
    assert session._session.get_inputs()[0].shape == [2, 3, 5]
    assert session._session.get_outputs()[0].shape == [2, 3, 5]
