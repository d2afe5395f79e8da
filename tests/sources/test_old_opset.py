"""Operators as they were before opset 7: raised before the source is run, and right after it."""

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.domain.errors import BadInput
from edgeopt.sources import canonical_onnx, old_opset
from edgeopt.sources import onnx as onnx_source
from edgeopt.sources.request import PrepareRequest

X = np.random.default_rng(0).normal(size=(1, 4, 3, 3)).astype(np.float32)
PER_CHANNEL = np.array([0.5, 1.5, 2.0, 3.0], np.float32)
NODE = helper.make_node


def model(nodes, opset, shape, weights=()):
    """An old model: its weights are inputs, too."""
    values = [("x", X.shape), *((name, (4,)) for name in weights), ("y", shape)]
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, list(s)) for n, s in values]
    graph = helper.make_graph(
        nodes, "g", infos[:-1], infos[-1:],
        [numpy_helper.from_array(PER_CHANNEL, name) for name in weights],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3)


def wide(vector):
    return vector[:, None, None]


def normalized(x):
    w = wide(PER_CHANNEL)
    return (x - w) / np.sqrt(w + 1e-5) * w + w


CASES = {
    "a bias per channel": (
        [NODE("Add", ["x", "b"], ["y"], broadcast=1, axis=1)], 6, ["b"],
        lambda x: x + wide(PER_CHANNEL),
    ),
    "the same, opset 1": (
        [NODE("Mul", ["x", "b"], ["y"], broadcast=1, axis=1, consumed_inputs=[0, 0])], 1, ["b"],
        lambda x: x * wide(PER_CHANNEL),
    ),
    "slopes per channel": (
        [NODE("PRelu", ["x", "s"], ["y"])], 6, ["s"],
        lambda x: np.where(x < 0, x * wide(PER_CHANNEL), x),
    ),
    "normalization": (
        [NODE("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], is_test=1,
              consumed_inputs=[0, 0, 0, 1, 1])], 1, ["s", "b", "m", "v"],
        normalized,
    ),
    "a mean over the image": (
        [NODE("AveragePool", ["x"], ["y"], kernel_shape=[3, 3])], 1, [],
        lambda x: x.mean((2, 3), keepdims=True),
    ),
    "types by name, pads by another": (
        [NODE("Cast", ["x"], ["c"], to="FLOAT"),
         NODE("Pad", ["c"], ["y"], paddings=[0, 0, 1, 1, 0, 0, 1, 1])], 1, [],
        lambda x: np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))),
    ),
    "drop-out that is off": (
        [NODE("Dropout", ["x"], ["y"], is_test=1, consumed_inputs=[0])], 1, [], lambda x: x,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_old_operator_computes_what_it_did(case):
    nodes, opset, weights, right = CASES[case]
    old = model(nodes, opset, right(X).shape, weights)
    onnx.checker.check_model(old)
    fixed = canonical_onnx.fix_shapes(old, {"x": list(X.shape)})
    made, notes = old_opset.raised(fixed)
    session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"x": X})[0], right(X), rtol=1e-5, atol=1e-5)
    assert notes == [f"its opset {opset} is too old for any runtime; read as opset 7"]
    assert old_opset.opset(fixed) == opset


def test_what_is_new_enough_is_left_alone():
    made = model([NODE("Relu", ["x"], ["y"])], 7, X.shape)
    assert old_opset.raised(made) == (made, [])


def test_an_operator_that_nothing_raises_is_refused_for_its_age():
    old = model([NODE("Crop", ["x"], ["y"], border=[1, 1, 1, 1])], 1, (1, 4, 1, 1))
    with pytest.raises(BadInput, match=r"opset 1, and no runtime reads .* older than 7") as caught:
        old_opset.raised(old)
    assert "opset 17" in caught.value.hint


def test_a_whole_source_is_raised_before_it_is_run(tmp_path):
    nodes, opset, weights, right = CASES["a bias per channel"]
    path = tmp_path / "old.onnx"
    onnx.save_model(model(nodes, opset, X.shape, weights), path)
    np.savez(tmp_path / "sample.npz", x=X)
    request = PrepareRequest(
        path=str(path), shapes={"x": X.shape}, folder=str(tmp_path),
        sample=str(tmp_path / "sample.npz"),
    )  # fmt: skip
    made = onnx_source.prepare(request)
    assert any("too old" in note for note in made.notes)
    session = ort.InferenceSession(made.onnx, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"x": X})[0], right(X), rtol=1e-5)
