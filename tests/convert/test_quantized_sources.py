"""ONNX files that are quantized already: tried as they are, where a runtime reads them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from edgeopt import convert, runtimes
from edgeopt.convert.job import Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Recipe
from edgeopt.sources import onnx as onnx_source
from edgeopt.sources import quantized_onnx
from edgeopt.sources.request import InspectRequest, PrepareRequest
from tests.convert import quantized_nets, tiny_nets
from tests.processor import OVERFLOWS

KINDS = ("qdq", "qoperator", "dynamic", "weights")


def prepared(path):
    inputs = onnx_source.inspect(InspectRequest(path=str(path))).inputs
    folder = path.parent / "work"
    folder.mkdir()
    request = PrepareRequest(
        path=str(path),
        inputs=inputs,
        shapes={spec.name: spec.shape for spec in inputs},
        folder=str(folder),
    )
    return onnx_source.prepare(request)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    made = {}
    for kind in KINDS:
        place = tmp_path_factory.mktemp(kind)
        made[kind] = prepared(getattr(quantized_nets, kind)(place / "m.onnx"))
    return made


def integers(path):
    """Initializers of 8 bits and of more than one axis."""
    model = onnx.load(str(path))
    narrow = (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    return [t.name for t in model.graph.initializer if t.data_type in narrow and len(t.dims) > 1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_file_holds_is_known_and_kept(sources, kind):
    source = sources[kind]
    assert source.stored == "as-is"
    assert integers(source.onnx)  # preparation folds no integers into floats


@pytest.mark.parametrize("net", ["conv", "mlp", "attention"])
def test_floats_are_no_quantized_model(tmp_path, net):
    path = getattr(tiny_nets, net)(tmp_path / "m.onnx")
    assert quantized_onnx.stored(onnx.load(str(path))) == "fp32"


def test_pixels_that_the_model_dequantizes_are_no_quantized_model(tmp_path):
    scale = tiny_nets.weight("scale", 1)
    scale.dims.pop()
    path = tiny_nets.write(
        tmp_path / "m.onnx",
        [onnx.helper.make_node("DequantizeLinear", ["x", "scale"], ["y"])],
        [tiny_nets.tensor("x", [1, 4], onnx.TensorProto.UINT8)],
        [tiny_nets.tensor("y", [1, 4])],
        [scale],
    )
    assert quantized_onnx.stored(onnx.load(str(path))) == "fp32"


@pytest.mark.parametrize(
    ("runtime", "kind"),
    [("onnxruntime", kind) for kind in KINDS]
    + [
        pytest.param("openvino", kind, marks=pytest.mark.slow)
        for kind in KINDS
        if kind != "qoperator"
    ],
)
def test_it_goes_through_as_it_is(sources, tmp_path, runtime, kind):
    source = sources[kind]
    converter = convert.load(runtime)
    assert converter.unsuitable("as-is", source) == ""
    options = runtimes.spec(runtime).options_for("as-is")
    recipe = Recipe(runtime=runtime, precision="as-is", options=options)
    made = converter.convert(
        Job(recipe=recipe, source=source, calibration={}, base=None, folder=str(tmp_path))
    )
    session = runtimes.load(runtime).open_session(str(tmp_path / made.main), 1, options)
    reference = runtimes.load("onnxruntime").open_session(
        source.reference_path, 1, source.reference_options
    )
    shape = source.inputs[0].shape
    sample = np.random.default_rng(5).normal(size=shape).astype(np.float32)
    own, expected = session.run([sample])[0], reference.run([sample])[0]
    noise = np.mean((own - expected) ** 2) / np.mean(expected**2)
    assert noise < 10 ** (-1.5 if OVERFLOWS else -2.5)
    kind_ran = set(session.facts()["precisions"])
    if kind in ("qdq", "qoperator"):
        assert "int8" in kind_ran


@pytest.mark.slow
def test_what_openvino_has_no_rule_for_is_named(sources, tmp_path):
    recipe = Recipe(runtime="openvino", precision="as-is")
    job = Job(
        recipe=recipe, source=sources["qoperator"], calibration={}, base=None, folder=str(tmp_path)
    )
    with pytest.raises(EdgeoptError, match=r"operations: com\.microsoft\.QGemm"):
        convert.load("openvino").convert(job)


def test_others_say_why_not(sources):
    assert "float ones that round" in convert.load("litert").unsuitable("as-is", sources["qdq"])
