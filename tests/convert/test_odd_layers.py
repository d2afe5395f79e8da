"""Layers that a quantizer cannot take, in each library: made in this process, loaded and asked."""

import msgspec
import numpy as np
import pytest

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert import litert_prepared, worker
from edgeopt.convert.job import Converted, Job
from edgeopt.convert.with_fallbacks import kept
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes.binding import feed, read

F32 = {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.fixture
def job_of(bench, tmp_path):
    def make(net, runtime, precision, base=None, **settings):
        how = msgspec.structs.replace(usual_here(runtime, precision), **settings)
        options = F32 if runtime == "openvino" else {}
        (tmp_path / "made").mkdir()
        (tmp_path / "cache").mkdir()
        return Job(
            recipe=Recipe(runtime=runtime, precision=precision, quantization=how, options=options),
            source=bench.source(net),
            calibration=bench._calibration(net),
            base=base,
            folder=str(tmp_path / "made"),
            cache=str(tmp_path / "cache"),
        )

    return make


def made(job):
    return msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)


def sqnr_db(job, converted):
    """Of all outputs, the worst: an artifact's answers to the calibrating samples."""
    worst = np.inf
    want, got = answers(job, converted)
    for name, theirs in want.items():
        noise = max(np.mean((got[name] - theirs) ** 2), 1e-12)
        worst = min(worst, 10 * np.log10(np.mean(theirs**2) / noise))
    return worst


def answers(job, converted):
    """(the source's, the artifact's) answers to the calibrating samples, {output: [n, *shape]}."""
    source = job.source
    reference = runtimes.load(source.reference_runtime).open_session(
        source.reference_path, 1, source.reference_options
    )
    session = runtimes.load(job.recipe.runtime).open_session(
        f"{job.folder}/{converted.main}", 1, job.recipe.options
    )
    ins, outs = (msgspec.to_builtins(b) for b in (converted.inputs, converted.outputs))
    names = [spec.name for spec in source.outputs]
    wanted, got = [], []
    for sample in job.samples():
        results = reference.run([sample[spec.name] for spec in source.inputs])
        wanted.append(dict(zip(names, results, strict=True)))
        got.append(read(session.run(feed(sample, ins)), outs))
    want = {name: np.stack([row[name] for row in wanted]) for name in names}
    return want, {
        name: np.stack([row[name] for row in got]).reshape(want[name].shape) for name in names
    }


#: net, precision, what a note begins with; "": nothing is left out.
IN_ONNX_RUNTIME = [
    ("grouped_up_1d", "int8-static", "the weights of w2 (ConvTranspose, grouped, 1-D) have one"),
    ("grouped_up_2d", "int8-static", "the weights of w2 (ConvTranspose, grouped) have one scale"),
    ("stacked_weights", "int8-static", "the weights of heads (MatMul, weights of 3 axes) have one"),
    ("stacked_weights", "int8-dynamic", "heads (MatMul, weights of 3 axes) stays in float: "),
    ("vector_weight", "int8-static", ""),
    ("vector_weight", "int8-dynamic", "v (MatMul, weights of 1 axes) stays in float: onnxruntime "),
    ("single_numbers", "int8-static", ""),
    ("gemm_factors", "int8-static", ""),
    ("gemm_factors", "int8-dynamic", ""),
    ("shared_bias", "int8-static", ""),
    ("taken_names", "int8-static", ""),
    ("taken_names", "int8-dynamic", ""),
    ("tied", "int8-static", ""),
    ("tied", "int8-dynamic", ""),
    ("padded", "int8-static", ""),
]


@pytest.mark.slow
@pytest.mark.parametrize(("net", "precision", "note"), IN_ONNX_RUNTIME)
def test_onnx_runtimes_quantizer(job_of, net, precision, note):
    job = job_of(net, "onnxruntime", precision)
    converted = made(job)
    assert [text[: len(note)] for text in converted.notes[:1]] == ([note] if note else [])
    assert sqnr_db(job, converted) > 28


@pytest.mark.slow
@pytest.mark.parametrize("net", ["stacked_weights", "vector_weight", "taken_names"])
def test_nncf_compresses_weights_for_onnx_runtime(job_of, net):
    """What it writes of a weight of 3 axes fails at the first inference only."""
    job = job_of(net, "onnxruntime", "int8-weights")
    converted = made(job)
    assert bool(converted.notes) == (net != "taken_names")
    assert sqnr_db(job, converted) > 28


def test_what_helped_holds_for_forms_and_is_not_searched_again(job_of, tmp_path):
    job = job_of("grouped_up_2d", "onnxruntime", "int8-static", bias_correction="fast")
    notes = made(job).notes
    assert len(notes) == 2  # both ConvTransposes
    relaxed = kept(job)
    assert relaxed.notes == notes
    exceptions = msgspec.structs.replace(job.recipe.quantization, exceptions=("0-1",))
    recipe = msgspec.structs.replace(job.recipe, quantization=exceptions)
    assert kept(msgspec.structs.replace(job, recipe=recipe)) == relaxed
    path = tmp_path / "form.onnx"
    with convert.load("onnxruntime").forms(
        msgspec.structs.replace(job, relaxation=relaxed)
    ) as forms:
        for keep in ((), (0, 1), (2,)):
            forms.write(keep, path)
            runtimes.load("onnxruntime").open_session(str(path), 1, {})


#: net, what a note begins with; "": nothing is left out.
IN_OPENVINO = [
    ("single_numbers", ""),
    ("places", "c (MatMul) and y (Add) stay in float: NNCF: ValueError: cannot reshape array"),
    ("constant_left", "weights have one scale a tensor, not one for each channel: openvino cannot"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("net", "note"), IN_OPENVINO)
def test_nncf(job_of, net, note):
    job = job_of(net, "openvino", "int8-static")
    converted = made(job)
    assert [text[: len(note)] for text in converted.notes[:1]] == ([note] if note else [])
    assert sqnr_db(job, converted) > 28


@pytest.mark.slow
def test_ai_edge_quantizer(bench, job_of):
    """Padded pooling, Max and Min by constants, a GRU: nothing is left out."""
    fp32, place = bench.make("padded", "litert", "fp32")
    job = job_of("padded", "litert", "int8-static", base=str(place / fp32.main))
    converted = made(job)
    assert not [note for note in converted.notes if "float" in note]
    assert sqnr_db(job, converted) > 28


@pytest.mark.slow
def test_ai_edge_quantizer_where_values_are_infinite(bench, job_of):
    """A scale of infinity would take the process with it; all else is in integers."""
    fp32, place = bench.make("masked", "litert", "fp32")
    job = job_of("masked", "litert", "int8-static", base=str(place / fp32.main))
    converted = made(job)
    told = "ADD #5, ADD #8, ADD #9 and SOFTMAX #10 stay in float: no integer stands for"
    assert [note for note in converted.notes if note.startswith(told)]
    assert {"int8", "float32"} <= runtimes.load("litert").stored(f"{job.folder}/model.tflite")
    want, got = answers(job, converted)
    for name, theirs in want.items():
        finite = np.isfinite(theirs) & (np.abs(theirs) < 1e30)
        np.testing.assert_array_equal(got[name][~finite], theirs[~finite])
        noise = np.mean((got[name][finite] - theirs[finite]) ** 2)
        assert 10 * np.log10(np.mean(theirs[finite] ** 2) / noise) > 25


@pytest.mark.slow
def test_ai_edge_quantizer_without_the_rewrite(bench, job_of, monkeypatch):
    """What no rewrite knows stays in float, by what its exception says."""
    monkeypatch.setattr(litert_prepared, "_full_ranks", lambda *_: False)
    fp32, place = bench.make("padded", "litert", "fp32")
    job = job_of("padded", "litert", "int8-static", base=str(place / fp32.main))
    converted = made(job)
    told = [note.split(":")[0] for note in converted.notes if "AI Edge Quantizer" in note]
    assert [text.split(" #")[0] for text in told] == ["MAXIMUM"]
    assert all(text.endswith(" stays in float") for text in told)
    assert sqnr_db(job, converted) > 28
