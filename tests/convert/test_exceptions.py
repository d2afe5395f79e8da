"""Forms that keep operators in float, in each runtime: made and asked for real."""

import msgspec
import numpy as np
import pytest

from edgeopt import convert, runtimes
from edgeopt.convert.bindings import bind
from edgeopt.convert.groups import groups
from edgeopt.convert.job import Job
from edgeopt.convert.ranking import Ranking, rank
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
    def make(runtime, **settings):
        usual = convert.load(runtime).recipe("int8-static")
        base = None
        if runtime == "litert":
            made, place = bench.make("conv", "litert", "fp32")
            base = str(place / made.main)
        (tmp_path / "cache").mkdir(exist_ok=True)
        return Job(
            recipe=Recipe(
                runtime=runtime,
                precision="int8-static",
                quantization=msgspec.structs.replace(usual, **settings),
                options=F32 if runtime == "openvino" else {},
            ),
            source=bench.source("conv"),
            calibration=bench._calibration("conv"),
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
    named = [layer for one in table["groups"] for layer in one["group"]["layers"]]
    assert named == ["w1", "w2", "w3"]
    assert all(0 < one["alone"] < 2 * table["plain"] for one in table["groups"])


@pytest.mark.parametrize("runtime", RUNTIMES[:2])
def test_bias_correction_takes_the_mean_shift_away(job_of, tmp_path, runtime):
    def shift(**settings):
        job = job_of(runtime, granularity="per-tensor", **settings)
        with convert.load(runtime).forms(job) as forms:
            path = tmp_path / f"form{forms.float_path.suffix}"
            forms.write((), path)
            true = answers(job, forms.float_path, forms.permutes)
            return float(np.abs(errors(job, forms, path, true).mean(axis=0)).mean())

    assert shift(bias_correction="fast") < shift()


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
