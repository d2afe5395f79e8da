"""Half-precision sources: widened once, said, and nothing half is left under another name."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from edgeopt.sources import half_precision
from tests.sources import tiny_onnx as tiny
from tests.sources import tiny_torch

pytestmark = pytest.mark.usefixtures("at_home")
HALF, BRAIN = TensorProto.FLOAT16, TensorProto.BFLOAT16
SAMPLE = np.random.default_rng(3).normal(size=(1, 4)).astype(np.float32)


def stored(name, array, kind):
    """An initializer of a half type."""
    return helper.make_tensor(name, kind, array.shape, array.astype("f4").flatten())


def net(kind, outside=None):
    """x[batch, 4] -> y[batch, 3], everything in `kind`; the inputs and outputs in `outside`."""
    edge = outside or kind
    given = np.random.default_rng(0)
    weights = [stored("w1", given.normal(size=(4, 8)), kind)]
    inner = helper.make_node(
        "Constant", [], ["w2"], value=stored("w2", given.normal(size=(8, 3)), kind)
    )
    nodes = [
        inner,
        helper.make_node("Cast", ["x"], ["xh"], to=kind),
        helper.make_node("MatMul", ["xh", "w1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w2"], ["m"]),
        helper.make_node("Cast", ["m"], ["y"], to=edge),
    ]
    shapes = [tiny.tensor("x", ["N", 4], edge)], [tiny.tensor("y", ["N", 3], edge)]
    return tiny.graph(nodes, *shapes, weights)


def branches(kind):
    """Half-precision weights inside the branches of an If."""
    sides = []
    for name, value in (("then", 2.0), ("else", 3.0)):
        made = helper.make_graph(
            [helper.make_node("Mul", ["x", f"{name}_w"], [f"{name}_y"])],
            name,
            [],
            [helper.make_tensor_value_info(f"{name}_y", kind, [1, 4])],
            [stored(f"{name}_w", np.full((4,), value), kind)],
        )
        sides.append(made)
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
        helper.make_node("Cast", ["s"], ["c"], to=TensorProto.BOOL),
        helper.make_node("If", ["c"], ["y"], then_branch=sides[0], else_branch=sides[1]),
    ]
    return tiny.graph(nodes, [tiny.tensor("x", [1, 4], kind)], [tiny.tensor("y", [1, 4], kind)], [])


def halves(path):
    """Names of what is half in a file, subgraphs included."""
    return half_precision.widen(onnx.load(str(path)))


def run(path, x):
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"x": x})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "outside"),
    [(HALF, None), (BRAIN, None), (HALF, TensorProto.FLOAT), (BRAIN, TensorProto.FLOAT)],
)
def test_it_is_widened_once_and_said(tmp_path, prepare, describe, kind, outside):
    path = tiny.save(net(kind, outside), tmp_path / "m.onnx")
    source = prepare(path)
    assert describe(source.inputs) == {"x": ("float32", (1, 4))}
    assert describe(source.outputs) == {"y": ("float32", (1, 3))}
    assert (halves(source.onnx), halves(source.reference_path)) == ("", "")
    assert source.stored == "fp32"
    name = {HALF: "float16", BRAIN: "bfloat16"}[kind]
    assert source.warnings[0].startswith(f"the model's {name} numbers are widened to float32 once")
    first, second = (
        numpy_helper.to_array(tensor).astype("f4")
        for tensor in (net(kind).graph.initializer[0], net(kind).graph.node[0].attribute[0].t)
    )
    expected = np.maximum(SAMPLE @ first, 0) @ second
    for form in (source.onnx, source.reference_path):
        np.testing.assert_allclose(run(form, SAMPLE)[0], expected, rtol=1e-5, atol=1e-6)


def test_how_far_the_files_own_answers_are_is_told(tmp_path, prepare):
    path = tiny.save(net(HALF), tmp_path / "m.onnx")
    sample = tmp_path / "sample.npz"
    np.savez(sample, x=SAMPLE)
    said = prepare(path, sample=sample).warnings[0]
    distance = float(said.split("that form, ")[1].split(" dB")[0])
    assert 50 < distance < 90
    assert said.endswith("dB from its answers in float16 to the first sample")


def test_what_overflows_in_half_precision_is_told(tmp_path, prepare):
    path = tiny.save(net(HALF), tmp_path / "m.onnx")
    sample = tmp_path / "sample.npz"
    np.savez(sample, x=60000 * np.sign(SAMPLE))
    assert "not all finite" in prepare(path, sample=sample).warnings[0]


def test_branches_are_widened_too(tmp_path, prepare):
    source = prepare(tiny.save(branches(HALF), tmp_path / "m.onnx"))
    assert halves(source.onnx) == ""
    np.testing.assert_allclose(run(source.onnx, SAMPLE)[0], 2 * SAMPLE, rtol=1e-6)


def test_floats_are_left_alone(tmp_path, prepare):
    source = prepare(tiny.save(tiny.mlp(), tmp_path / "m.onnx"))
    assert source.warnings == ()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_a_program_of_pytorch(tmp_path, prepare, describe, kind):
    path = tmp_path / "m.pt2"
    module = tiny_torch.Halves(kind).eval()
    torch.export.save(torch.export.export(module, (torch.zeros(1, 4, dtype=kind),)), path)
    source = prepare(path)
    assert describe(source.inputs) == {"x": ("float32", (1, 4))}
    assert describe(source.outputs) == {"output": ("float32", (1, 3))}
    program = torch.export.load(source.exported)
    kinds = {
        n.meta["val"].dtype for n in program.graph.nodes if hasattr(n.meta.get("val"), "dtype")
    }
    assert kinds == {torch.float32}
    assert halves(source.onnx) == ""
    assert "widened to float32 once" in source.warnings[0]
    own = module(torch.from_numpy(SAMPLE).to(kind)).float().detach().numpy()
    np.testing.assert_allclose(run(source.onnx, SAMPLE)[0], own, atol=0.05)


@pytest.mark.slow
def test_torchscript(tmp_path, prepare):
    """Its own readers would take the halves; the ONNX form has none."""
    path = tmp_path / "m.pt"
    traced = torch.jit.trace(tiny_torch.Halves().eval(), torch.zeros(1, 4).half())
    torch.jit.save(traced, str(path))
    sample = tmp_path / "sample.npz"
    np.savez(sample, x=SAMPLE.astype("f2"))
    source = prepare(path, seen={"x": (4,)}, sample=sample, trust=True)
    assert source.torchscript is None
    assert halves(source.onnx) == ""
    assert "widened to float32 once" in source.warnings[0]
