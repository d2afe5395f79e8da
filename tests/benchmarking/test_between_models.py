"""What several models ship, in one interleaved schedule."""

import dataclasses
import json

import numpy as np
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from onnx import TensorProto, helper, numpy_helper

from edgeopt.benchmarking.between_models import compare_models
from edgeopt.cli import cli
from edgeopt.domain.errors import BadInput
from edgeopt.domain.run import Choice
from edgeopt.domain.score import Score
from edgeopt.harness.budget import BUDGETS, SCREEN
from edgeopt.store import run_folder
from tests.pipeline.test_shipping import HELD, kept
from tests.search.test_choose import latency
from tests.store.test_run_folder import FP32, request, run

BUDGET = dataclasses.replace(SCREEN, looks=(2,), rounds_alone=0, leave_at=0.0)
ONE_THREAD = FP32.with_threads(1)


def product(width):
    """A model x [1, 4] -> y [1, 4] that multiplies with so wide a matrix between."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in ("x", "y")]
    weights = [np.ones(shape, np.float32) for shape in ((4, width), (width, width), (width, 4))]
    nodes = [
        helper.make_node("MatMul", [a, w], [b])
        for a, w, b in (("x", "w0", "a"), ("a", "w1", "b"), ("b", "w2", "y"))
    ]
    held = [numpy_helper.from_array(w, f"w{n}") for n, w in enumerate(weights)]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], held)
    opsets = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


def finished(path, width, score, **changes):
    """A finished run that ships a model of such a width, with such a score on held-out samples."""
    asked = request(f"{path.name}.onnx", **changes)
    folder, _ = run_folder.create(path, asked)
    told = Score(
        metric="accuracy", value=score, low=0.0, high=1.0, interval="", n=9, part="confirm"
    )
    one = kept(
        folder, ONE_THREAD, product(width), confirm_score=told, confirm_drop=HELD, kind="measured",
        latency_ms=replace(latency(1.0), stage="final"),
    )  # fmt: skip
    folder.journal.append(one)
    choice = Choice(
        target="this-machine", recipe_id=one.recipe_id, basis="measured", why="x",
        baseline_id=None, front=(),
    )  # fmt: skip
    folder.write_run(replace(run(asked, state="finished"), choices=(choice,)))
    return run_folder.read(path)


@pytest.mark.slow
def test_the_small_one_and_the_good_one_are_worth_it_and_a_third_is_beaten(tmp_path, monkeypatch):
    monkeypatch.setitem(BUDGETS, "quick", BUDGET)  # whose figures are not looked at here
    good = finished(tmp_path / "good", 1200, 0.9)
    small = finished(tmp_path / "small", 8, 0.8)
    waste = finished(tmp_path / "waste", 2000, 0.7)
    [found] = compare_models([good, small, waste], BUDGET).targets
    assert [row.standing for row in found.rows] == ["worth it", "worth it", "beaten"]
    assert found.rows[2].by == ("good.onnx", "small.onnx")
    assert found.rows[0].versus_first is None
    assert found.rows[1].versus_first.word == "FASTER"
    assert {row.latency_ms.launches for row in found.rows} == {2}
    done = CliRunner().invoke(cli, ["compare", good.folder, small.folder, "--quick", "--json"])
    assert done.exit_code == 0
    rows = json.loads(done.stdout)["targets"][0]["rows"]
    assert [row["model"] for row in rows] == ["good.onnx", "small.onnx"]


def test_runs_of_no_shared_target_are_refused(tmp_path):
    one = finished(tmp_path / "one", 8, 0.9)
    two = finished(tmp_path / "two", 8, 0.9)
    other = replace(two, request=replace(two.request, targets=("pixel-8",)))
    with pytest.raises(BadInput, match="share no target"):
        compare_models([one, other])
    with pytest.raises(BadInput, match="is not finished"):
        compare_models([one, replace(two, state="running")])


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"data": {"metric": "mae"}}, "metrics"),
        ({"data": {"metric": "agreement", "labels": False}}, "agreement"),
        ({"request": {"data": "others.npz"}}, "data"),
        ({}, ""),
    ],
)
def test_scores_that_cannot_be_compared_are_said_to_be_so(tmp_path, changes, doubt):
    """Nothing is timed: neither was, on a device."""
    runs = [untimed(finished(tmp_path / name, 8, 0.9)) for name in ("one", "two")]
    both = {"agreement"} & {doubt}
    runs = [
        replace(one, **{name: replace(getattr(one, name), **new) for name, new in changes.items()})
        if number or both
        else one
        for number, one in enumerate(runs)
    ]
    found = compare_models(runs)
    assert found.doubt == doubt
    assert [row.standing for row in found.targets[0].rows] == ["not told", "not told"]
    assert found.targets[0].device == "none"


def untimed(one):
    gone = [replace(r, latency_ms=None, kind=None, device="none") for r in one.records]
    return replace(one, records=tuple(gone))


def test_two_models_of_one_name_have_no_folders(tmp_path):
    words = ["compare", "a/m.onnx", "b/m.onnx", "--target=this-machine", "--data=d.npz"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2
    assert "would have the same folder, runs/m" in done.output
