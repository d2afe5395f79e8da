"""What is known of a converter before anything is converted."""

from collections import Counter

import numpy as np
import pytest
from msgspec.structs import replace

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert import worker
from edgeopt.convert.job import Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import PRECISIONS, Recipe
from edgeopt.domain.tensor import TensorSpec
from edgeopt.sources.source import Source

SOURCE = Source(
    path="m.onnx",
    format="onnx",
    sha256="a" * 64,
    size_bytes=1,
    inputs=(TensorSpec(name="x", dtype="float32", shape=(1, 4)),),
    outputs=(TensorSpec(name="y", dtype="float32", shape=(1, 4)),),
    operators={"Conv": 1, "Gemm": 1},
    onnx="model.onnx",
    reference_runtime="onnxruntime",
    reference_path="reference.onnx",
)


def having(*operators, **changes):
    return replace(SOURCE, operators=dict(Counter(operators)), **changes)


#: Made from PyTorch sources only.
OF_TORCH = ("executorch", "coreml")


def fitting(runtime):
    """A source that a runtime takes."""
    return replace(SOURCE, format="pt2", exported="m.pt2") if runtime in OF_TORCH else SOURCE


def test_a_runtime_without_a_converter():
    with pytest.raises(KeyError):
        convert.load("tvm")


@pytest.mark.parametrize("runtime", convert.CONVERTERS)
def test_every_converter_answers_for_every_precision(runtime):
    converter = convert.load(runtime)
    made = runtimes.spec(runtime).precisions
    session = runtimes.spec(runtimes.spec(runtime).answers).packages[0]
    assert set(made) <= set(PRECISIONS)
    assert "fp32" in made
    for precision in made:
        needed = converter.packages(precision, SOURCE)
        assert needed == (session, *converter.needs(precision))
        assert len(set(needed)) == len(needed)
        quantization = usual_here(runtime, precision)
        assert (quantization is not None) == precision.startswith("int8")
        if quantization is not None:
            assert (quantization.calibration is not None) == (precision == "int8-static")
        given = "m.tflite" if precision == "as-is" else None  # LiteRT takes its own as they are
        assert converter.unsuitable(precision, replace(fitting(runtime), tflite=given)) == ""
        base = converter.base(precision)
        assert base is None or (base in made and converter.base(base) is None)


@pytest.mark.parametrize(
    ("runtime", "besides"),
    [("litert", ("litert-torch",)), ("ncnn", ("torch",)), ("onnxruntime", ())],
)
def test_packages_of_a_torch_source(runtime, besides):
    own = convert.load(runtime).packages("fp32", SOURCE)
    of_torch = replace(SOURCE, exported="model.pt2")
    assert convert.load(runtime).packages("fp32", of_torch) == own + besides


@pytest.mark.parametrize(
    ("runtime", "precision", "source", "reason"),
    [
        (
            "onnxruntime",
            "int8-dynamic",
            having("Relu"),
            "no operator in this model that ONNX Runtime quantizes",
        ),
        (
            "onnxruntime",
            "int8-weights",
            having("Conv"),
            "its weights are all in convolutions, which are not compressed for this runtime",
        ),
        ("onnxruntime", "int8-weights", having("Gather"), ""),
        ("onnxruntime", "int8-static", having("Conv"), ""),
        (
            "onnxruntime",
            "int8-dynamic",
            having("Conv", "Conv", "Gemm"),
            "most of it is convolutions, whose dynamic int8 form (ConvInteger) made models 2 to "
            "19 times slower than fp32 on x86, where measured",
        ),
        ("onnxruntime", "int8-dynamic", having("Conv", "Gemm"), ""),
        ("onnxruntime", "fp16", having("Relu"), ""),
        ("onnxruntime", "int8-static", having(), ""),  # not known: it is tried
        (
            "openvino",
            "int8-dynamic",
            having("Conv"),
            "OpenVINO quantizes activations at run time for matrix products only; it has none",
        ),
        ("openvino", "int8-dynamic", having("MatMul"), ""),
        ("openvino", "int8-dynamic", having(), ""),
        ("openvino", "int8-static", having("Relu"), ""),
        ("litert", "int8-static", having("Relu"), ""),
        (
            "executorch",
            "fp32",
            SOURCE,
            "ExecuTorch is made from a PyTorch module (.pt2, or an nn.Module); this source is onnx",
        ),
        ("executorch", "int8-static", replace(SOURCE, exported="m.pt2"), ""),
        (
            "ncnn",
            "fp32",
            replace(SOURCE, inputs=(TensorSpec(name="ids", dtype="int64", shape=(1, 4)),)),
            "ncnn takes floats; input 'ids' is int64",
        ),
        (
            "ncnn",
            "fp32",
            replace(SOURCE, inputs=(TensorSpec(name="x", dtype="float64", shape=(1, 4)),)),
            "ncnn computes in 32-bit floats; input 'x' is float64",
        ),
        (
            "ncnn",
            "fp16",
            replace(SOURCE, inputs=(TensorSpec(name="v", dtype="float32", shape=(1, 2, 2, 2, 2)),)),
            "ncnn's values have three axes beside the batch; 'v' has more",
        ),
        (
            "ncnn",
            "fp32",
            replace(SOURCE, inputs=(TensorSpec(name="past", dtype="float32", shape=(1, 0, 8)),)),
            "ncnn has no values of length 0; input 'past' is (1, 0, 8)",
        ),
    ],
)
def test_unsuitable(runtime, precision, source, reason):
    assert convert.load(runtime).unsuitable(precision, source) == reason


def job(folder, runtime, precision="fp32", **changes):
    return Job(
        recipe=Recipe(runtime=runtime, precision=precision),
        source=replace(SOURCE, **changes),
        calibration={},
        base=None,
        folder=str(folder),
    )


@pytest.mark.parametrize("runtime", sorted({*convert.CONVERTERS} - {*OF_TORCH}))
def test_a_source_without_an_onnx_form(tmp_path, runtime):
    without = job(tmp_path, runtime, onnx=None, onnx_reason="PyTorch does not export it")
    with pytest.raises(EdgeoptError) as caught:
        convert.load(runtime).convert(without)
    assert caught.value.args[0] == "PyTorch does not export it"
    assert list(tmp_path.iterdir()) == []


def test_a_source_without_an_onnx_form_and_without_a_reason(tmp_path):
    with pytest.raises(EdgeoptError, match="the source has no ONNX form"):
        convert.load("onnxruntime").convert(job(tmp_path, "onnxruntime", onnx=None))


def test_what_does_not_load_is_no_artifact(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    (tmp_path / "made").mkdir()
    bad = job(tmp_path / "made", "onnxruntime", onnx=str(tmp_path / "bad.onnx"))
    with pytest.raises(EdgeoptError) as caught:
        worker.make(bad)
    assert caught.value.args[0].startswith("onnxruntime cannot load what was made: ")
    assert caught.value.hint == "The conversion itself ended without an error."


def test_versions():
    assert worker.versions(("no-such-distribution",)) == {}
    assert worker.versions(("numpy",)) == {"numpy": np.__version__}


def test_every_source_format_names_its_tools():
    from edgeopt.sources.formats import FORMATS

    assert set(FORMATS) == set(worker.SOURCE_TOOLS)


def test_samples(tmp_path):
    """One sample after the other, in memory of their own, as many as every input has."""
    images, rates = np.arange(24.0).reshape(4, 2, 3), np.arange(5)
    np.save(tmp_path / "0.npy", np.asfortranarray(images))
    np.save(tmp_path / "1.npy", rates)
    files = {"x": str(tmp_path / "0.npy"), "rate": str(tmp_path / "1.npy")}
    with_data = replace(job(tmp_path, "litert"), calibration=files)
    samples = list(with_data.samples())
    assert len(samples) == 4
    np.testing.assert_array_equal([s["x"] for s in samples], images)
    assert [int(s["rate"]) for s in samples] == [0, 1, 2, 3]
    assert all(s["x"].flags.c_contiguous and s["x"].flags.owndata for s in samples)
    assert len(list(with_data.samples(2))) == 2
    assert len(list(with_data.samples(9))) == 4


def test_names_are_those_of_the_runtimes():
    assert set(convert.CONVERTERS) <= set(runtimes.RUNTIMES)
