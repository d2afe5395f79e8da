"""What a source says of itself when it is asked: random, in training mode, of varying length."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt.domain.errors import BadInput
from edgeopt.sources import trial
from edgeopt.sources.request import PrepareRequest
from edgeopt.sources.source import OpenSpec

RANDOM = np.random.default_rng(0)
NODE = helper.make_node


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def asked(tmp_path, nodes, outputs, constants=(), opset=17, samples=6):
    """Prepares a model of one image [1, 4, 6, 6] and asks it."""
    graph = helper.make_graph(nodes, "g", [value("x", [1, 4, 6, 6])], outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path = tmp_path / "m.onnx"
    onnx.save_model(model, path)
    # Each sample larger than the one before: more of it is above a threshold.
    x = (
        RANDOM.normal(size=(samples, 1, 4, 6, 6))
        * np.arange(1, samples + 1)[:, None, None, None, None]
    )
    np.savez(tmp_path / "trials.npz", x=x.astype(np.float32))
    np.savez(tmp_path / "sample.npz", x=x[0].astype(np.float32))
    request = PrepareRequest(
        format="onnx", path=str(path), folder=str(tmp_path), shapes={"x": (1, 4, 6, 6)},
        inputs=(OpenSpec(name="x", dtype="float32", shape=None),),
        sample=str(tmp_path / "sample.npz"), trials=str(tmp_path / "trials.npz"),
    )  # fmt: skip
    return trial.prepare(request), x.astype(np.float32)


DROPOUT = [NODE("Dropout", ["x", "ratio", "yes"], ["y"], seed=7)]


@pytest.mark.parametrize(
    ("nodes", "constants"),
    [
        (DROPOUT, [constant("ratio", np.float32(0.5)), constant("yes", np.True_)]),
        ([NODE("RandomNormalLike", ["x"], ["r"]), NODE("Add", ["x", "r"], ["y"])], []),
        ([NODE("Sigmoid", ["x"], ["s"]), NODE("Bernoulli", ["s"], ["y"])], []),
    ],
    ids=["drop-out", "noise", "draws"],
)
def test_a_random_source_is_refused_by_name(tmp_path, nodes, constants):
    with pytest.raises(BadInput, match="answers differently when asked the same again") as caught:
        asked(tmp_path, nodes, [value("y", [1, 4, 6, 6])], constants)
    assert any(node.op_type in str(caught.value) for node in nodes)


def test_drop_out_that_drops_nothing_is_no_random_source(tmp_path):
    off = [constant("ratio", np.float32(0.0)), constant("yes", np.True_)]
    made, _ = asked(tmp_path, DROPOUT, [value("y", [1, 4, 6, 6])], off)
    assert made.warnings == ()


@pytest.mark.parametrize(
    "nodes",
    [
        [NODE("Relu", ["x"], ["r"]), NODE("NonZero", ["r"], ["y"])],
        [NODE("Flatten", ["x"], ["f"]), NODE("Greater", ["f", "t"], ["m"]),
         NODE("Compress", ["f", "m1"], ["y0"], axis=1), NODE("Identity", ["y0"], ["y"])],
    ],
    ids=["places", "picked"],
)  # fmt: skip
def test_outputs_that_change_their_shape_are_named(tmp_path, nodes):
    if nodes[-1].op_type == "Identity":
        nodes.insert(2, NODE("Reshape", ["m", "flat"], ["m1"]))
    kind = TensorProto.INT64 if nodes[-1].op_type == "NonZero" else TensorProto.FLOAT
    outputs = [value("fixed", [1, 4, 6, 6]), value("y", ["rows", "found"], kind)]
    constants = [constant("t", np.float32(0.5)), constant("flat", np.array([-1]))]
    with pytest.raises(BadInput, match=r"change their shape from sample to sample: 'y' is \["):
        asked(tmp_path, [NODE("Abs", ["x"], ["fixed"]), *nodes], outputs, constants)


def test_what_is_asked_once_more_is_not_refused_for_its_rounding():
    one = np.array([1.0, 1000.0], np.float32)
    assert trial._same(one, one * np.float32(1 + 1e-6))
    assert not trial._same(one, one + 10)
    assert not trial._same(np.array([1, 2]), np.array([1, 3]))
    assert trial._same(np.array([np.nan, np.inf]), np.array([np.nan, np.inf]))


# --- training mode


def normalization(opset, **attributes):
    outputs = ["y"] if opset >= 14 else ["y", "m2", "v2", "m3", "v3"]
    return [NODE("BatchNormalization", ["x", "w", "b", "m", "v"], outputs, **attributes)]


LEARNED = [constant(name, RANDOM.uniform(0.5, 2, 4).astype(np.float32)) for name in "wbmv"]


@pytest.mark.parametrize(
    ("opset", "attributes"), [(17, {"training_mode": 1}), (15, {"training_mode": 1}), (9, {})]
)
def test_normalization_by_the_sample_is_told_and_computed(tmp_path, opset, attributes):
    nodes = normalization(opset, epsilon=1e-3, **attributes)
    made, x = asked(tmp_path, nodes, [value("y", [1, 4, 6, 6])], LEARNED, opset)
    assert "training mode" in made.warnings[0]
    assert "model.eval()" in made.warnings[0]
    session = ort.InferenceSession(made.onnx, providers=["CPUExecutionProvider"])
    weight, bias = (numpy_helper.to_array(t)[:, None, None] for t in LEARNED[:2])
    sample = x[3]
    mean, variance = sample.mean((2, 3), keepdims=True), sample.var((2, 3), keepdims=True)
    right = (sample - mean) / np.sqrt(variance + 1e-3) * weight + bias
    np.testing.assert_allclose(session.run(None, {"x": sample})[0], right, rtol=1e-4, atol=1e-4)


def test_normalization_in_evaluation_mode_is_left_alone(tmp_path):
    made, _ = asked(tmp_path, normalization(17), [value("y", [1, 4, 6, 6])], LEARNED)
    assert made.warnings == ()


def test_a_batch_of_vectors_has_no_variance_in_one_sample(tmp_path):
    nodes = [
        NODE("Flatten", ["x"], ["f"]),
        NODE("Slice", ["f", "from", "to", "axis"], ["s"]),
        NODE("BatchNormalization", ["s", "w", "b", "m", "v"], ["y"], training_mode=1),
    ]
    places = [constant(n, np.array([v])) for n, v in (("from", 0), ("to", 4), ("axis", 1))]
    with pytest.raises(BadInput, match="training mode"):
        asked(tmp_path, nodes, [value("y", [1, 4])], [*LEARNED, *places])


@pytest.mark.slow
def test_a_pytorch_program_in_training_mode(tmp_path):
    import torch

    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(4, 3, 1), torch.nn.BatchNorm2d(3)).train()
    x = torch.randn(1, 4, 6, 6)
    with torch.no_grad():
        right = module(x).numpy()  # batch 1: mean and variance of this sample
    path = tmp_path / "train.pt2"
    torch.export.save(torch.export.export(module, (x,)), str(path))
    np.savez(tmp_path / "x.npz", input=x.numpy())
    folder = tmp_path / "work"
    folder.mkdir()
    request = PrepareRequest(
        format="pt2", path=str(path), folder=str(folder),
        inputs=(OpenSpec(name="input", dtype="float32", shape=None),),
        shapes={"input": tuple(x.shape)}, sample=str(tmp_path / "x.npz"),
    )  # fmt: skip
    made = trial.prepare(request)
    assert "training mode" in made.warnings[0]
    session = ort.InferenceSession(made.onnx, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"input": x.numpy()})[0], right, atol=1e-4)
