"""MNN's converter: what it makes of small graphs, and that nothing but its library is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest

from edgeopt import convert
from edgeopt.convert import matching, mnn, mnn_static, worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.runtimes import load
from edgeopt.sources import onnx as onnx_source
from edgeopt.sources.request import PrepareRequest

RECTIFIER = ("float[1,4] x", "float[1,4] y", "y = Relu(x)")
#: Inputs, an output, and what is computed.
GRAPHS = {
    "rectifier": RECTIFIER,
    "gru": (
        "float[5,1,4] x",
        "float[1,1,3] h",
        "a, h = GRU<hidden_size=3, linear_before_reset=1>(x, gw, gr)",
    ),
    "lstm": ("float[5,1,4] x", "float[1,1,3] h", "a, h, c = LSTM<hidden_size=3>(x, lw, lr)"),
    "integers": (
        "float[2,6] x, int64[2,1] places",
        "float[2,1] y",
        "y = GatherElements<axis=1>(x, places)",
    ),
    "pools without strides": (
        "float[1,3,9,9] x",
        "float[1,3,9,9] y",
        "a = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(x)"
        " y = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(a)",
    ),
    "padded at the lower end": (
        "float[1,3,9,9] x",
        "float[1,3,5,5] y",
        'y = MaxPool<kernel_shape=[2,2], strides=[2,2], auto_pad="SAME_LOWER">(x)',
    ),
    "pixels": ("uint8[1,3,4,4] x", "float[1,3,4,4] y", "a = Cast<to=1>(x) y = Neg(a)"),
    "a number": ("float[1,6] x", "float y", "y = ReduceSum<keepdims=0>(x)"),
    "five axes": ("float[1,2,3,4,5] x", "float[5,4,3,2,1] y", "y = Transpose(x)"),
}
SHAPES = {"gw": (1, 9, 4), "gr": (1, 9, 3), "lw": (1, 12, 4), "lr": (1, 12, 3)}


@pytest.fixture
def job_of(tmp_path):
    def job(name, precision="fp32"):
        inputs, outputs, body = GRAPHS[name]
        text = f'<ir_version: 8, opset_import: ["":17]> g ({inputs}) => ({outputs}) {{ {body} }}'
        model = onnx.parser.parse_model(text)
        rng = np.random.default_rng(0)
        for weights, shape in SHAPES.items():
            if weights in body:
                array = rng.normal(size=shape).astype(np.float32)
                model.graph.initializer.append(onnx.numpy_helper.from_array(array, weights))
        onnx.save_model(model, str(tmp_path / "m.onnx"))
        sample = {value.name: values(rng, value.type.tensor_type) for value in model.graph.input}
        np.savez(tmp_path / "sample.npz", **sample)
        source = onnx_source.prepare(
            PrepareRequest(
                path=str(tmp_path / "m.onnx"),
                shapes={key: array.shape for key, array in sample.items()},
                folder=str(tmp_path),
                sample=str(tmp_path / "sample.npz"),
            )
        )
        (tmp_path / "out").mkdir()
        recipe = Recipe(
            runtime="mnn",
            precision=precision,
            quantization=convert.load("mnn").quantization(precision),
            options={"precision": "high"},
        )
        folder = str(tmp_path / "out")
        return Job(recipe=recipe, source=source, calibration={}, base=None, folder=folder), sample

    return job


def values(rng, kind):
    shape = tuple(dim.dim_value for dim in kind.shape.dim)
    if kind.elem_type in (onnx.TensorProto.INT64, onnx.TensorProto.UINT8):
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        return rng.integers(0, 6, shape).astype(dtype)
    return rng.normal(size=shape).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_it_answers_as_the_source(job_of, name):
    job, sample = job_of(name)
    made = msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)
    session = load("mnn").open_session(str(Path(job.folder) / made.main), 1, job.recipe.options)
    answers = matching.read(made.outputs, session.run(matching.fed(made.inputs, sample)))
    expected = matching.answers(job.source, [sample])[0]
    assert answers.keys() == expected.keys()
    for output, array in expected.items():
        np.testing.assert_allclose(answers[output], array, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_weights_that_it_does_not_compress_are_a_failure(job_of):
    """Nothing in a rectifier has weights; the converter says nothing of it."""
    job, _ = job_of("rectifier", "int8-weights")
    with pytest.raises(EdgeoptError, match="MNN found no weight in the model that it compresses"):
        convert.load("mnn").convert(job)
    assert list(Path(job.folder).iterdir()) == []


@pytest.mark.slow
def test_what_has_no_convolution_is_not_quantized(job_of):
    job, _ = job_of("rectifier", "int8-static")
    with pytest.raises(EdgeoptError, match="there is no convolution or product in it"):
        convert.load("mnn").convert(job)
    assert list(Path(job.folder).iterdir()) == []


@pytest.mark.parametrize(
    ("seen", "scale", "zero_point"),
    [
        ((0.0, 2.55), 0.01, -128),
        ((-2.55, 0.0), 0.01, 127),
        ((-1.28, 1.27), 0.01, 0),
        ((0.0, 0.0), 1e-8, -128),  # a tensor that is always 0
    ],
)
def test_a_range_keeps_its_ends_and_zero(seen, scale, zero_point):
    made = mnn_static._activation("x", seen)
    assert made["scales"] == [pytest.approx(scale)]
    assert made["zeroPoint"] == zero_point


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            "NOT_SUPPORTED_OP: [ X ]\n[21:07:27] :220: These Op Not Support: ONNX::LSTM \n"
            "Converted Failed!",
            "MNN's converter has no form of LSTM as this model has it.",
        ),
        (
            "[20:44:00] :47: it went wrong\nConverted Failed!\n",
            "MNN's converter ended with exit code 0 and wrote no model: it went wrong",
        ),
        ("", "MNN's converter ended with exit code 0 and wrote no model: it said nothing"),
    ],
)
def test_what_it_says_of_a_failure_is_told(monkeypatch, tmp_path, log, told):
    done = subprocess.CompletedProcess([], 0, log, "")
    monkeypatch.setattr(mnn, "captured", lambda command: done)
    with pytest.raises(EdgeoptError) as caught:
        mnn._write(tmp_path / "source.onnx", tmp_path / "model.mnn")
    assert caught.value.args[0] == told


def test_what_sends_a_log_is_never_imported():
    """`MNN.tools` installs a package and speaks with a server as soon as it is imported."""
    assert mnn._CALL.startswith("import sys, _tools; ")
    code = "import sys, _tools; print(*(m for m in sys.modules if m.startswith(('MNN', 'urllib'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""


def test_other_settings_of_its_compression_are_refused():
    from edgeopt.convert.algorithms import refusal

    def recipe(**settings):
        how = Quantization(library="mnn", **settings)
        return Recipe(runtime="mnn", precision="int8-weights", quantization=how)

    assert refusal(recipe()) == refusal(recipe(weight_bits=4)) == ""
    assert "no other setting" in refusal(recipe(granularity="per-tensor"))
    assert "by extremes" in refusal(recipe(calibration="percentile"))
