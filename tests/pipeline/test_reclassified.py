"""A classifier of images in folders: what is recorded of it, drawn, and answered by its bundle."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from edgeopt.bundle import write as bundle
from edgeopt.datasets.classified_images import ClassifiedImages, classified
from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.samples import Samples
from edgeopt.decoding.preparation import of_record
from edgeopt.domain.fold import Fold
from edgeopt.domain.record import Record
from edgeopt.domain.tensor import TensorSpec
from edgeopt.pipeline import outputs, reclassified
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.state import State
from edgeopt.pipeline.steps.depict import Depict
from edgeopt.report.pictures import Budget, shown
from edgeopt.sources.source import Source
from tests.pipeline.cli_process import HERE
from tests.pipeline.opened_run import opened

NAMES = ("dark", "light")
PREPARED = Preprocessing(10, 8, (127.5,) * 3, (1 / 127.5,) * 3)


def model(path):
    """[1, 3, 8, 8] -> two logits: how dark and how light an image is."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.stack([np.full((3, 8, 8), -1 / 64), np.full((3, 8, 8), 1 / 64)])
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["map"]),
        helper.make_node("Flatten", ["map"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "light",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        [numpy_helper.from_array(weights.astype(np.float32), "w")],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def folders(place):
    rng = np.random.default_rng(0)
    for number, name in enumerate(NAMES):
        (place / name).mkdir(parents=True)
        for i in range(40):
            pixels = rng.integers(0, 90, (17, 13 + i, 3)) + 120 * number
            Image.fromarray(pixels.astype(np.uint8)).save(place / name / f"{i:02}.png")
    return place


@pytest.fixture(scope="module")
def at_work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("light")
    call = Call(
        model=model(folder / "m.onnx"),
        targets=(str(HERE / "one-runtime.toml"),),
        data=str(folders(folder / "images")),
        out=folder / "run",
        preprocessing=PREPARED,
    )
    with opened(call) as run:
        yield run, run.evaluated([r for r in run.space.recipes if r.precision == "fp32"])


def facts(run):
    context = run.context
    metric = context.scoring.metric.name
    return reclassified.facts(metric, "y", run.source, context.choose.samples)


@pytest.mark.slow
def test_a_folder_by_class_is_recorded_with_its_names_and_preparation(at_work):
    run, _ = at_work
    task = facts(run)
    assert (task.name, task.names, task.output) == ("classification", NAMES, "y")
    assert of_record(task.preparation) == PREPARED.preparation
    pool = type("Pool", (), {"here": {}, "machines": dict, "warnings": []})()
    assert outputs.begun(run.context, pool, "now").data.task == task


@pytest.mark.slow
def test_its_bundle_answers_images_as_they_were_scored(at_work, tmp_path):
    run, [record] = at_work
    folder = run.context.folder
    artifact = folder.artifact(record.recipe.conversion_id)
    made = folder.artifact_folder(record.recipe.conversion_id)
    bundle.write(tmp_path / "b", record, artifact, made, run.source.facts(), {}, facts(run))
    choose = run.context.choose
    paths = choose.samples.marks.images[:3]
    (tmp_path / "given").mkdir()
    for i, path in enumerate(paths):
        (tmp_path / "given" / f"{i}.png").write_bytes(path.read_bytes())
    command = [sys.executable, str(tmp_path / "b" / "run.py"), str(tmp_path / "given")]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line, path, logits in zip(told.splitlines(), paths, choose.source["y"], strict=False):
        best = json.loads(line)["classes"][0]
        powers = np.exp(logits[0].astype(np.float64))
        assert best["name"] == path.parent.name
        assert best["score"] == pytest.approx(powers.max() / powers.sum(), rel=1e-5)


@pytest.mark.slow
def test_the_images_that_changed_most_are_drawn_with_both_answers(at_work):
    run, [record] = at_work
    evaluator = run.evaluator

    class Other:
        def __getattr__(self, name):
            return getattr(evaluator, name)

        def answers(self, recipe, subject, part, patience_s=0.0):
            return {"y": -part.source["y"]}, None

    state = State(run.call.constraints, records=(record,), settled=record.key)
    step = Depict()
    assert step.why_skipped(run, state) is None
    [depicted] = step.advance(replace(run, evaluator=Other()), state).records
    assert isinstance(depicted, Record)
    assert len(depicted.pictures) == 8
    apart = [one.apart for one in depicted.pictures]
    assert apart == sorted(apart, reverse=True)
    first = depicted.pictures[0]
    assert {first.source.text.split()[0], first.chosen.text.split()[0]} == set(NAMES)
    page = shown(depicted.pictures, run.context.folder.path, Budget())
    assert "probability" in page.about
    assert len(page.pairs) == 8


SOURCE = Source(
    path="m", format="onnx", sha256="", size_bytes=1, operators={}, onnx=None,
    inputs=(TensorSpec(name="x", dtype="float32", shape=(1, 3, 8, 8)),),
    outputs=(TensorSpec(name="y", dtype="float32", shape=(1, 2)),),
    reference_runtime="onnxruntime", reference_path="",
)  # fmt: skip
MARKS = ClassifiedImages((Path("a.png"),), PREPARED.preparation, NAMES)


def shaped(shape, dtype="float32"):
    spec = TensorSpec(name="y", dtype=dtype, shape=shape)
    return msgspec.structs.replace(SOURCE, outputs=(spec,))


@pytest.mark.parametrize(
    ("metric", "source", "marks"),
    [
        ("r2", SOURCE, MARKS),
        ("accuracy", SOURCE, None),
        ("accuracy", shaped((1, 1)), MARKS),
        ("accuracy", shaped((1, 2, 8, 8)), MARKS),
        ("accuracy", shaped((1, 2), "int64"), MARKS),
        ("accuracy", msgspec.structs.replace(SOURCE, fold=Fold(output="argmax")), MARKS),
        ("accuracy", SOURCE, ClassifiedImages((Path("a"),), PREPARED.preparation, ("a", "b", "c"))),
    ],
)
def test_what_is_no_classifier_of_images_is_recorded_as_none(metric, source, marks):
    samples = Samples({"x": np.zeros((1, 1, 3, 8, 8))}, marks=marks)
    assert reclassified.facts(metric, "y", source, samples) is None
    assert reclassified.facts("accuracy", "y", SOURCE, replace(samples, marks=MARKS)) is not None


def test_classes_are_named_by_their_folders():
    paths = [Path("x/cat/a.png"), Path("x/7/b.png")]
    assert classified(paths, [0, 2], PREPARED.preparation).names == ("cat", "1", "7")
    assert classified(paths, None, PREPARED.preparation).names == ()
    assert classified(paths, [0, 2_000_000], PREPARED.preparation).names == ()
    both = classified(paths, [0, 2], PREPARED.preparation)
    assert both.take([1]).images == (paths[1],)
