"""An axis that stays open, from intake to the answers at each size."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from ai_edge_litert.tools import flatbuffer_utils
from PIL import Image

from edgeopt import parse
from edgeopt.bundle import write as bundle
from edgeopt.convert import litert_loose, litert_open
from edgeopt.datasets.samples import Samples
from edgeopt.domain.compression import Compression
from edgeopt.domain.errors import BadInput, EdgeoptError
from edgeopt.domain.open_axis import KeptAxis, OpenAsked
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from edgeopt.pipeline import at_odds, kept_open
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.recorded_task import recorded
from edgeopt.pipeline.scoring import scoring_of
from edgeopt.pipeline.steps.at_sizes import AtSizes
from edgeopt.runtimes import litert
from edgeopt.sources.source import Inspected, OpenSpec, Source
from tests.pipeline import lines
from tests.pipeline.opened_run import opened, screened_state
from tests.report.sample import sample_run

TARGET = str(Path(__file__).with_name("three-runtimes.toml"))
PREPARED = "way=line,mean=127.5,scale=0.0078431,order=grey,fill=0"
CALL = Call(Path("m.onnx"), ("t",), "d.npz", Path("run"))


def inspected(format="onnx", **shapes):
    inputs = tuple(OpenSpec(name=n, dtype="float32", shape=s) for n, s in shapes.items())
    return Inspected(path="m.onnx", format=format, inputs=inputs)


def asked(text, found, **said):
    return kept_open.asked(replace(CALL, open_axis=parse.open_axis(text), **said), found)


def test_inputs_whose_axis_has_one_name_stay_open_together():
    found = inspected(ids=("n", "length"), mask=("n", "length"), other=("n", "width"))
    kept, fixed = asked("mask:1=32,16", found)
    assert kept == KeptAxis(name="length", places={"ids": 1, "mask": 1}, sizes=(16, 32))
    assert [spec.shape for spec in fixed.inputs] == [("n", 32), ("n", 32), ("n", "width")]


def test_a_name_that_several_axes_of_an_input_have_is_no_name():
    kept, fixed = asked("x:3=16,32", inspected(x=("?", 3, "?", "?"), other=("n", "?")))
    assert kept.places == {"x": 3}
    assert [spec.shape for spec in fixed.inputs] == [("?", 3, "?", 32), ("n", "?")]
    with pytest.raises(BadInput, match="axis 0 of x counts samples"):
        asked("x:0=16", inspected(x=("?", 3, "?", "?")))


@pytest.mark.parametrize(
    ("text", "shapes", "said", "words"),
    [
        ("y:1=8", {"x": ("n", "w")}, {}, "names an input 'y'"),
        ("x:2=8", {"x": ("n", "w")}, {}, "x has no axis 2"),
        ("x:1=8", {"x": ("n", 8)}, {}, "axis 1 of x is 8 in the file, not open"),
        ("x:0=8", {"x": ("n", "w")}, {}, "axis 0 of x counts samples"),
        ("x:1=8", {"x": ("n", "w")}, {"shapes": {"x": (1, 4)}}, "--shape fixes axis 1 of x to 4"),
    ],
)
def test_an_axis_that_cannot_stay_open_is_refused(text, shapes, said, words):
    with pytest.raises(BadInput, match=words):
        asked(text, inspected(**shapes), **said)


def test_other_formats_are_refused():
    with pytest.raises(BadInput, match="an axis of a tflite file is not kept open"):
        asked("x:1=8", inspected("tflite", x=("n", "w")))


@pytest.mark.parametrize(
    ("said", "option"),
    [
        ({"compression": Compression(methods=("prune",))}, "--prune"),
        ({"batches": (1, 4), "aim": "throughput"}, "--batch"),
        ({"task": TaskAsked(states=("a=b",))}, "--state"),
        ({"data": "random"}, "--data random"),
    ],
)
def test_what_needs_one_shape_is_refused_beside_it(said, option):
    call = replace(CALL, open_axis=OpenAsked(input="x", axis=1, sizes=(8,)), **said)
    with pytest.raises(BadInput, match=f"--open-axis does not go with {option}"):
        at_odds.refuse(call)


def test_zeros_at_the_end_are_padding():
    ids = np.zeros((4, 1, 32), np.int64)
    ids[0, 0, :3], ids[1, 0, 7], ids[2, 0, :17] = 5, 5, 5
    mask = np.zeros((4, 1, 32), np.int64)
    mask[3, 0, :9] = 1
    kept = KeptAxis(name="length", places={"ids": 1, "mask": 1}, sizes=(8, 16, 32))
    found = kept_open.in_sizes(Samples({"ids": ids, "mask": mask}), kept)
    assert found.sizes.tolist() == [8, 8, 32, 16]
    assert found.take([2, 3]).sizes.tolist() == [32, 16]


def call_of(place):
    data = lines.write(place / "data", 72)
    task = TaskAsked(images=str(data.parent / "lines"), alphabet=str(data.parent / "alphabet.txt"))
    return Call(
        model=lines.model(place / "reader.onnx"),
        targets=(TARGET,),
        data=str(data),
        out=place / "run",
        task=task,
        metric="cer",
        preprocessing=parse.preprocessing(PREPARED, task, str(data)),
        open_axis=parse.open_axis("line:3=16,32,64"),
    )


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    with opened(call_of(tmp_path_factory.mktemp("lines"))) as run:
        yield run, run.evaluated(run.space.recipes)


@pytest.mark.slow
def test_open_forms_answer_each_line_at_its_size(at_work):
    run, records = at_work
    tried = {(r.runtime, r.precision, r.status, r.score.value) for r in records}
    assert tried == {
        (runtime, precision, "ok", 0.0)
        for runtime in ("onnxruntime", "openvino", "litert")
        for precision in ("fp32", "int8-static")
    }
    choose = run.context.choose
    assert set(choose.samples.sizes) == set(lines.SIZES)
    # A step for each 4 pixels of the size at which a line was fed; past that there is nothing.
    ended = np.isposinf(choose.source["y"]).all(axis=(1, 3))
    assert (~ended).sum(axis=1).tolist() == (choose.samples.sizes // 4).tolist()


@pytest.fixture
def lite_file(at_work):
    run, records = at_work
    [record] = [r for r in records if (r.runtime, r.precision) == ("litert", "fp32")]
    return run.source, Path(run.context.folder.path) / record.artifact


@pytest.mark.slow
def test_a_session_of_litert_takes_any_width_and_is_as_before_after_one_that_it_cannot(lite_file):
    session = litert.open_session(str(lite_file[1]), 1, {})
    shape = session.inputs[0]["shape"]
    for width in (64, 16, 20, 64):
        line = np.random.default_rng(width).normal(size=(1, 8, width, 1)).astype(np.float32)
        assert shape == [1, 8, 64, 1]
        assert [one.shape for one in session.run([line])] == [(1, width // 4, 4)]
    again = session.run([line])
    with pytest.raises(RuntimeError):
        session.run([np.zeros((1, 8, 64, 3), np.float32)])
    np.testing.assert_array_equal(session.run([line]), again)


def test_a_file_that_litert_does_not_open_is_told_with_the_axis(tmp_path):
    (tmp_path / "odd.tflite").write_bytes(b"no model at all, of any size")
    kept = KeptAxis(name="width", places={"x": 3}, sizes=(16, 64))
    with pytest.raises(EdgeoptError, match="cannot keep width open: at 64 LiteRT says: ") as told:
        litert_open._require_every_size(tmp_path / "odd.tflite", SimpleNamespace(kept=kept), {})
    assert "--open-axis" in told.value.hint


def weights(model):
    [conv] = [op for op in model.subgraphs[0].operators if len(op.inputs) == 3]
    return model.buffers[model.subgraphs[0].tensors[conv.inputs[1]].buffer]


def other_weights(model):
    weights(model).data = np.asarray(weights(model).data) + np.uint8(1)


def without_weights(model):
    weights(model).data = None


def without_an_operator(model):
    del model.subgraphs[0].operators[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_weights, "the size is written into its CONV_2D"),
        (without_weights, "the converter folds other constants at each size"),
        (without_an_operator, "the converter makes other operators of each size"),
    ],
)
def test_what_depends_on_the_width_otherwise_is_refused(lite_file, tmp_path, change, words):
    source, path = lite_file
    model = flatbuffer_utils.read_model(str(path))
    change(model)
    flatbuffer_utils.write_model(model, str(tmp_path / "smaller.tflite"))
    with pytest.raises(EdgeoptError, match=f"cannot keep width open: {words}"):
        litert_loose.loosen(path, tmp_path / "smaller.tflite", source.kept)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "litert"])
def test_the_chosen_is_timed_at_every_size(at_work, runtime):
    run, records = at_work
    ours = [r for r in records if r.precision == "fp32" and r.runtime == runtime]
    state = screened_state(run, ours, None)
    state = replace(state, settled=ours[0].key, baseline=ours[0].recipe_id)
    [record] = AtSizes("glance").advance(run, state).with_ids([ours[0].recipe_id])
    assert [one.size for one in record.sizes] == list(lines.SIZES)
    assert sum(one.samples for one in record.sizes) == len(run.context.confirm.value().samples)
    assert all(one.latency_ms.p50 > 0 and one.versus_baseline is None for one in record.sizes)


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino", "litert"])
def test_a_bundle_takes_lines_of_any_width(at_work, tmp_path, runtime):
    run, records = at_work
    [record] = [r for r in records if (r.runtime, r.precision) == (runtime, "int8-static")]
    folder = run.context.folder
    artifact = folder.artifact(record.recipe.conversion_id)
    made = folder.artifact_folder(record.recipe.conversion_id)
    task = recorded(run.context.scoring.settled, run.source, run.context.choose.samples)
    bundle.write(tmp_path / "b", record, artifact, made, run.source.facts(), {}, task)
    texts = {"short.png": "b", "long.png": "abcabcabcabcacb"}  # 116 pixels, 64 are stated
    (tmp_path / "given").mkdir()
    for name, text in texts.items():
        Image.fromarray(lines.pixels(text)).save(tmp_path / "given" / name)
    command = [sys.executable, str(tmp_path / "b" / "run.py"), str(tmp_path / "given")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = [json.loads(line) for line in told.splitlines()]
    assert {one["file"]: one["text"] for one in found} == texts


@pytest.mark.parametrize(("metric", "output"), [("agreement", "y"), ("accuracy", "y")])
def test_answers_that_grow_are_refused_where_no_task_reads_them(metric, output):
    shapes = tuple({"y": (1, size // 4, 4), "z": (1, 2)} for size in (16, 64))
    kept = KeptAxis(name="width", places={"line": 3}, sizes=(16, 64), shapes=shapes)
    specs = tuple(TensorSpec(name=n, dtype="float32", shape=s) for n, s in shapes[1].items())
    source = Source(
        path="m", format="onnx", sha256="", size_bytes=1, outputs=specs, operators={}, onnx=None,
        inputs=(TensorSpec(name="line", dtype="float32", shape=(1, 1, 8, 64)),),
        reference_runtime="onnxruntime", reference_path="", kept=kept,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    samples = Samples({"line": rng.normal(size=(40, 1, 1, 8, 64))}, np.arange(40) % 2)
    answers = {n: rng.normal(size=(40, *shape)) for n, shape in shapes[1].items()}
    request = msgspec.structs.replace(sample_run().request, metric=metric, output=output)
    with pytest.raises(BadInput, match="the output y grows with the open axis width"):
        scoring_of(request, source, samples, answers)
    other = msgspec.structs.replace(request, output="z")
    assert scoring_of(other, source, samples, answers).output == "z"


def test_values_of_each_step_are_judged_up_to_the_end():
    shapes = tuple({"y": (1, size)} for size in (16, 64))
    kept = KeptAxis(name="length", places={"x": 1}, sizes=(16, 64), shapes=shapes)
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 64))
    source = Source(
        path="m", format="onnx", sha256="", size_bytes=1, inputs=(spec,), operators={}, onnx=None,
        outputs=(TensorSpec(name="y", dtype="float32", shape=(1, 64)),),
        reference_runtime="onnxruntime", reference_path="", kept=kept,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    sizes = np.where(np.arange(40) % 2, 16, 64)
    there = (np.arange(64) < sizes[:, None])[:, None]
    labels = np.where(there, rng.normal(size=(40, 1, 64)), 0).astype(np.float32)
    samples = Samples({"x": labels}, labels, sizes=sizes)
    answers = {"y": np.where(there, labels + 0.5, np.inf).astype(np.float32)}
    request = msgspec.structs.replace(sample_run().request, metric="mae", output="y")
    request = msgspec.structs.replace(request, task=TaskAsked(task="regression"))
    scoring = scoring_of(request, source, samples, answers)
    judging = scoring.judging("choose", samples, answers)
    score, drop = judging.marks({"y": answers["y"] + 0.25}, 0.1)
    assert (score.value, drop.value) == (pytest.approx(0.75), pytest.approx(0.25))
