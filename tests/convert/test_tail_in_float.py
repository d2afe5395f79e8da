"""Heads whose decode is left in float, in each runtime: made and asked for real."""

import contextlib

import msgspec
import numpy as np
import pytest

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert import matching, worker
from edgeopt.convert.job import Converted, Job
from edgeopt.convert.ranking import Ranking, rank
from edgeopt.domain.recipe import Recipe
from edgeopt.sources import trial
from edgeopt.sources.request import PrepareRequest
from edgeopt.sources.source import OpenSpec
from tests.sources import tiny_heads
from tests.sources.tiny_heads import SIZE, images
from tests.sources.tiny_onnx import save

SHAPE = (1, 3, SIZE, SIZE)
RUNTIMES = [
    "onnxruntime",
    pytest.param("litert", marks=pytest.mark.slow),
    pytest.param("openvino", marks=pytest.mark.slow),
]


class Heads:
    """Sources and their int8 forms, each made once."""

    def __init__(self, folder):
        self.folder, self._sources, self._made = folder, {}, {}
        np.save(folder / "x.npy", images(8))

    def source(self, name):
        if name not in self._sources:
            place = self.folder / name
            place.mkdir()
            path = save(getattr(tiny_heads, name)(), place / "m.onnx")
            np.savez(place / "trials.npz", x=images(4))
            given = OpenSpec(name="x", dtype="float32", shape=SHAPE)
            request = PrepareRequest(
                path=str(path), format="onnx", inputs=(given,), shapes={"x": SHAPE},
                folder=str(place), trials=str(place / "trials.npz"),
            )  # fmt: skip
            self._sources[name] = trial.prepare(request)
        return self._sources[name]

    def job(self, name, runtime, precision="int8-static", **settings):
        converter, base = convert.load(runtime), None
        if converter.base(precision):
            base = str(self.made(name, runtime, "fp32")[0])
        how = usual_here(runtime, precision)
        place = self.folder / "-".join((name, runtime, precision, *settings.values()))
        for folder in (place, self.folder / f"{name}-cache"):
            folder.mkdir(exist_ok=True)
        return Job(
            recipe=Recipe(
                runtime=runtime,
                precision=precision,
                quantization=how and msgspec.structs.replace(how, **settings),
                options=dict(runtimes.spec(runtime).options_for(precision)),
            ),
            source=self.source(name),
            calibration={"x": str(self.folder / "x.npy")},
            base=base,
            folder=str(place),
            cache=str(self.folder / f"{name}-cache"),
        )

    def made(self, name, runtime, precision="int8-static", **settings):
        key = (name, runtime, precision, *settings.values())
        if key not in self._made:
            job = self.job(name, runtime, precision, **settings)
            reply = msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)
            self._made[key] = (self.folder / job.folder / reply.main, reply, job)
        return self._made[key]

    def answers(self, *key, **settings):
        """{output: [n, *shape]} of the calibrating samples."""
        path, made, job = self.made(*key, **settings)
        session = runtimes.load(job.recipe.runtime).open_session(str(path), 1, job.recipe.options)
        with contextlib.closing(session):
            rows = [
                matching.read(made.outputs, session.run(matching.fed(made.inputs, {"x": image})))
                for image in images(8)
            ]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def true(self, name):
        rows = matching.answers(self.source(name), [{"x": image} for image in images(8)])
        return {output: np.stack([row[output] for row in rows]) for output in rows[0]}


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    return Heads(tmp_path_factory.mktemp("heads"))


def noise_db(answers, true):
    """Signal over noise, dB."""
    return 10 * np.log10(np.var(true) / max(np.mean((answers - true) ** 2), 1e-12))


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", ["dfl", "raw_grid", "one_convolution"])
def test_scores_survive_beside_boxes(heads, runtime, name):
    """One scale for pixels and scores leaves the scores a step or none."""
    scores = {
        tail: heads.answers(name, runtime, tail=tail)["y"][:, :, 4:]
        for tail in ("integer", "float")
    }
    true = heads.true(name)["y"][:, :, 4:]
    split = noise_db(scores["float"], true)
    assert split > 15
    if runtime != "openvino":  # NNCF leaves what nothing reads in float by itself
        assert noise_db(scores["integer"], true) < split - 3


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_boxes_of_an_exponential_are_nearer(heads, runtime):
    true = heads.true("exponential")["boxes"]
    whole, split = (
        np.abs(heads.answers("exponential", runtime, tail=tail)["boxes"] - true).mean()
        for tail in ("integer", "float")
    )
    assert split <= whole


@pytest.mark.slow
def test_an_output_that_the_tail_makes_leaves_in_float(heads):
    outputs = {
        tail: heads.made("dfl", "litert", tail=tail)[1].outputs[0].dtype
        for tail in ("integer", "float")
    }
    assert outputs == {"integer": "int8", "float": "float32"}


def test_what_is_before_the_tail_stays_in_integers(heads):
    import onnx

    path, _, _ = heads.made("dfl", "onnxruntime", tail="float")
    graph = onnx.load(str(path)).graph
    made = {name: node.op_type for node in graph.node for name in node.output}
    read = {node.name: [made.get(name) for name in node.input] for node in graph.node}
    quantized = {node.name for node in graph.node if read[node.name][:1] == ["DequantizeLinear"]}
    assert {"stem", "neck", "box", "cls"} <= quantized
    inside = [node for node in graph.node if node.name in ("mean", "softmax", "placed", "y")]
    assert len(inside) == 4
    assert not any("DequantizeLinear" in read[node.name] for node in inside)


def test_tensorrts_form_has_no_integers_in_its_tail(heads):
    import onnx

    def usual_here(tail):
        graph = onnx.load(str(heads.made("dfl", "tensorrt", tail=tail)[0])).graph
        made = {name: node.op_type for node in graph.node for name in node.output}
        return {n.name for n in graph.node if "DequantizeLinear" in map(made.get, n.input)}

    assert usual_here("integer") - usual_here("float") == {"mean", "placed"}
    assert {"stem", "neck", "box", "cls"} <= usual_here("float")


@pytest.mark.slow
def test_mnn_counts_bins_in_float(heads):
    """It quantizes convolutions alone, and one that counts bins is none of these."""
    true = heads.true("dfl")["y"]
    made = heads.answers("dfl", "mnn")["y"]
    assert noise_db(made[:, :, 4:], true[:, :, 4:]) > 15
    assert noise_db(made[:, :, :4], true[:, :, :4]) > 15


@pytest.mark.slow
@pytest.mark.parametrize("runtime", RUNTIMES[:2])
@pytest.mark.parametrize("tail", ["integer", "float"])
def test_the_last_layer_of_each_branch_is_ranked_by_itself(heads, runtime, tail):
    job = heads.job("dfl", runtime, tail=tail)
    table = rank(msgspec.to_builtins(Ranking(job=job, output="y", samples=4)))
    layers = [tuple(group["group"]["layers"]) for group in table["groups"]]
    assert ("box",) in layers
    assert ("cls",) in layers


@pytest.mark.slow
def test_nncf_calibrates_once_for_all_forms(heads, monkeypatch):
    """And what is read back is what it made."""
    import nncf
    import openvino

    from edgeopt.convert import openvino_reader, openvino_static

    job = heads.job("exponential", "openvino")
    fresh = msgspec.structs.replace(job, cache=None)

    def values(job):
        model = openvino_static.quantized(job, openvino_reader.read(job.source)[0])
        return openvino.compile_model(model, "CPU", job.recipe.options)(images(1)[0]).values()

    true = [np.array(one) for one in values(fresh)]
    values(job)
    monkeypatch.setattr(nncf, "quantize", None)  # not once more
    for ours, theirs in zip(values(job), true, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    values(heads.job("exponential", "openvino", tail="float"))


@pytest.mark.slow
def test_a_last_layer_in_float_leaves_in_float(heads):
    """Whatever says so: its answers would else be rounded behind it."""
    job = heads.job("raw_grid", "litert")
    with convert.load("litert").forms(job) as forms:
        last = len(forms.operators) - 1
        dtypes = []
        for keep in ((), (last,), (0,)):
            path = heads.folder / "form.tflite"
            forms.write(keep, path)
            session = runtimes.load("litert").open_session(str(path), 1, {})
            dtypes.append((session.inputs[0]["dtype"], session.outputs[0]["dtype"]))
    assert dtypes == [("int8", "int8"), ("int8", "float32"), ("int8", "int8")]
