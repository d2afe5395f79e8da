"""Forms that keep operators in float, in each runtime: made and asked for real."""

import msgspec
import numpy as np
import pytest

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert.bindings import bind
from edgeopt.convert.groups import groups
from edgeopt.convert.job import Job
from edgeopt.convert.ranking import Ranking, rank
from edgeopt.domain.model import content_id
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes.binding import from_artifact, to_artifact

RUNTIMES = [
    "onnxruntime",
    pytest.param("litert", marks=pytest.mark.slow),
    pytest.param("openvino", marks=pytest.mark.slow),
]
F32 = {"INFERENCE_PRECISION_HINT": "f32"}


@pytest.fixture
def job_of(bench, tmp_path):
    def make(runtime, net="conv", **settings):
        usual = usual_here(runtime, "int8-static")
        base = None
        if runtime == "litert":
            made, place = bench.make(net, "litert", "fp32")
            base = str(place / made.main)
        (tmp_path / "cache").mkdir(exist_ok=True)
        return Job(
            recipe=Recipe(
                runtime=runtime,
                precision="int8-static",
                quantization=msgspec.structs.replace(usual, **settings),
                options=F32 if runtime == "openvino" else {},
            ),
            source=bench.source(net),
            calibration=bench._calibration(net),
            base=base,
            folder=str(tmp_path),
            cache=str(tmp_path / "cache"),
        )

    return make


def errors(job, forms, path, true):
    """[samples, values]: a form's answers to what calibrated it, less the fp32 form's."""
    return answers(job, path, forms.permutes) - true


def answers(job, path, permutes):
    session = runtimes.load(job.recipe.runtime).open_session(str(path), 1, job.recipe.options)
    [given] = map(msgspec.to_builtins, bind(job.source.inputs, session.inputs, permutes))
    [made] = map(msgspec.to_builtins, bind(job.source.outputs, session.outputs, {}))
    rows = [
        session.run([to_artifact(sample[given["source"]][None], given)[0]])[0]
        for sample in job.samples()
    ]
    return from_artifact(np.stack([np.array(row) for row in rows]), made).reshape(len(rows), -1)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_what_stays_in_float_adds_no_noise(job_of, tmp_path, runtime):
    job = job_of(runtime)
    with convert.load(runtime).forms(job) as forms:
        path = tmp_path / f"form{forms.float_path.suffix}"
        true = answers(job, forms.float_path, forms.permutes)

        def noise(keep):
            forms.write(keep, path)
            return float(np.mean(errors(job, forms, path, true) ** 2))

        pieces = groups(forms.operators)
        assert [len(piece.layers) for piece in pieces] == [1, 1, 1]
        plain = noise(())
        most = [n for n in range(len(forms.operators)) if n > pieces[0].last]
        assert 0 < noise(most) < plain
        assert noise(range(pieces[2].first)) < plain


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_layers_are_ranked(job_of, runtime):
    asked = Ranking(job=job_of(runtime), output="scores", samples=6)
    table = rank(msgspec.to_builtins(asked))
    assert table["samples"] == 6
    assert table["plain"] > 0
    rows = [one for one in table["groups"] if not one["group"]["kind"]]
    assert [layer for one in rows for layer in one["group"]["layers"]] == ["w1", "w2", "w3"]
    assert all(0 < one["alone"] < 2 * table["plain"] for one in rows)
    [kind] = [one["group"] for one in table["groups"] if one["group"]["kind"]]
    assert list(kind["layers"]) == ["w1", "w2"]  # the convolutions, beside one matrix product
    assert list(kind["order"]) == [0, 1]


@pytest.mark.parametrize("runtime", RUNTIMES[:2])
def test_bias_correction_takes_the_mean_shift_away(job_of, tmp_path, runtime):
    def shift(**settings):
        job = job_of(runtime, granularity="per-tensor", **settings)
        with convert.load(runtime).forms(job) as forms:
            path = tmp_path / f"form{forms.float_path.suffix}"
            forms.write((), path)
            true = answers(job, forms.float_path, forms.permutes)
            return float(np.abs(errors(job, forms, path, true).mean(axis=0)).mean())

    assert shift(bias_correction="fast") < shift(bias_correction=None) / 2


@pytest.mark.parametrize("runtime", RUNTIMES[:2])
def test_a_second_form_does_not_calibrate_again(job_of, tmp_path, runtime):
    """It would fail: the samples are gone."""
    job = job_of(runtime)
    path = tmp_path / "form"
    with convert.load(runtime).forms(job) as forms:
        forms.write((), path)
    first = path.read_bytes()
    lost = msgspec.structs.replace(
        job, calibration={name: f"{file}.gone" for name, file in job.calibration.items()}
    )
    with convert.load(runtime).forms(lost) as forms:
        forms.write((), path)
    assert path.read_bytes() == first


def made_with(job, tmp_path, precision, **settings):
    """The file of a conversion with other settings."""
    how = msgspec.structs.replace(job.recipe.quantization, calibration=None, **settings)
    recipe = msgspec.structs.replace(job.recipe, precision=precision, quantization=how)
    place = tmp_path / content_id(recipe)
    place.mkdir()
    made = convert.load(recipe.runtime).convert(
        msgspec.structs.replace(job, recipe=recipe, folder=str(place))
    )
    return made, place


@pytest.mark.slow
def test_sixteen_bits_of_activations_are_nearer(job_of, tmp_path):
    def noise(**settings):
        job = job_of("litert", **settings)
        with convert.load("litert").forms(job) as forms:
            path = tmp_path / "form.tflite"
            forms.write((), path)
            true = answers(job, forms.float_path, forms.permutes)
            return float(np.mean(errors(job, forms, path, true) ** 2))

    assert noise(activation_bits=16) < 0.8 * noise()


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "net"), [("litert", "conv"), ("openvino", "mlp")])
def test_four_bits_of_weights_are_smaller_than_eight(bench, job_of, tmp_path, runtime, net):
    """NNCF leaves convolutions, and the first and the last matrix, at 8 bits."""
    job = job_of(runtime, bias_correction=None)
    job = msgspec.structs.replace(job, source=bench.source(net))
    sizes = [
        sum(path.stat().st_size for path in place.iterdir())
        for _, place in (
            made_with(job, tmp_path, "int8-weights", weight_bits=bits) for bits in (4, 8)
        )
    ]
    assert sizes[0] < 0.9 * sizes[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"calibration": "mean-min-max"}, {"calibration": "percentile"}, {"calibration": "mse"},
        {"granularity": "per-tensor"}, {"activations": "symmetric"}, {"smooth_quant": True},
        {"channel_alignment": True}, {"bias_correction": None}, {"bias_correction": "full"},
        {"overflow_fix": True},
    ],
)  # fmt: skip
def test_nncf_takes_every_setting_that_is_not_refused(job_of, tmp_path, settings):
    job = job_of("openvino", **settings)
    made = convert.load("openvino").convert(job)
    assert np.isfinite(answers(job, tmp_path / made.main, {})).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"calibration": "percentile"}, {"calibration": "entropy"},
        {"calibration": "moving-average"}, {"activations": "symmetric"},
    ],
)  # fmt: skip
def test_onnx_runtime_takes_every_setting_that_is_not_refused(job_of, tmp_path, settings):
    job = job_of("onnxruntime", **settings)
    made = convert.load("onnxruntime").convert(job)
    assert np.isfinite(answers(job, tmp_path / made.main, {})).all()


@pytest.mark.slow
def test_openvinos_activations_have_one_scale_each(job_of, bench, tmp_path):
    import openvino

    source, data = bench.source("depthwise"), bench._calibration("depthwise")
    job = msgspec.structs.replace(job_of("openvino"), source=source, calibration=data)
    made = convert.load("openvino").convert(job)
    quantizers = [
        op
        for op in openvino.Core().read_model(tmp_path / made.main).get_ordered_ops()
        if op.get_type_name() == "FakeQuantize"
    ]
    assert len(quantizers) >= 3
    assert all(op.input_value(1).get_node().get_data().size == 1 for op in quantizers)
