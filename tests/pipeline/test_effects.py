"""Slices and corrupted inputs through a whole run: whom the choice costs what, and a limit."""

from __future__ import annotations

import json

import numpy as np
import pytest

import edgeopt as package
from edgeopt.domain.errors import BadInput
from edgeopt.domain.record import Record
from edgeopt.report import shortfall_words
from edgeopt.search.choose import shortfalls
from edgeopt.store import run_folder
from tests.pipeline.cli_process import HERE, shortly

ONE = str(HERE / "one-runtime.toml")
pytestmark = pytest.mark.usefixtures("short_schedules")
KINDS = [(kind, level) for kind in ("noise", "brightness", "gain") for level in ("mild", "strong")]


@pytest.fixture(scope="module")
def data(tiny_onnx, tmp_path_factory):
    """The digits with a column: which of three sheets each is from, one of which is small."""
    path = tmp_path_factory.mktemp("effects") / "sheets.npz"
    with np.load(tiny_onnx / "tiny.npz") as arrays:
        n = len(arrays["labels"])
        sheets = np.array(["left", "right"])[np.arange(n) % 2]
        sheets[np.arange(n) % 60 == 0] = "loose"
        np.savez(path, **arrays, sheet=sheets)
    return path


@pytest.fixture(scope="module")
def finished(tiny_onnx, data, tmp_path_factory):
    """The whole of it from the command line."""
    out = tmp_path_factory.mktemp("effects") / "run"
    done = shortly(
        *("optimize", "tiny.onnx", "--data", data, "--target", ONE, "--quick", "--out", out),
        *("--max-drop", "2%", "--slice-by", "sheet", "--corruptions", "--all"),
        cwd=tiny_onnx,
    )
    assert done.returncode == 0, done.stderr
    return run_folder.read(out), done.stdout


@pytest.mark.slow
def test_the_chosen_is_shown_by_class_and_by_column(finished):
    run, text = finished
    by_class, by_sheet = run.chosen.confirm_slices
    assert (by_class.by, by_class.count, by_sheet.by) == ("class", 10, "sheet")
    assert {one.value for one in by_sheet.worst} == {"left", "right", "loose"}
    n = run.data.confirm
    assert sum(one.n for one in by_class.worst) == sum(one.n for one in by_sheet.worst) == n
    small = next(one for one in by_sheet.worst if one.value == "loose")
    assert small.n < 10
    assert not small.decides
    # The slices are of the very answers that the whole was scored on.
    right = sum(one.n * one.score.value for one in by_class.worst)
    assert right / n == pytest.approx(run.chosen.confirm_score.value)
    assert {r.slices for r in run.records if r.status == "ok"} == {()}  # no limit was asked
    assert "The chosen by class, worst first" in text
    assert "loose" in text
    assert "too few to reject" in text


@pytest.mark.slow
def test_the_chosen_and_the_source_answered_the_same_corrupted_inputs(finished):
    run, text = finished
    effects = run.chosen.corruptions
    # A row of 64 numbers has no pixels: nothing to blur.
    assert [(one.corruption, one.level) for one in effects] == KINDS
    assert all(one.n == 256 and one.why_null == "" for one in effects)
    clean = run.chosen.confirm_score.value
    strong = {one.corruption: one for one in effects if one.level == "strong"}
    assert strong["noise"].source.value < clean - 0.02
    # A linear classifier that is as good as fp32 loses to noise what the source loses.
    for one in effects:
        assert abs(one.drop.value) <= 0.05
        assert one.drop.value == pytest.approx(one.source.value - one.score.value)
    others = [r for r in run.records if r.recipe_id != run.chosen.recipe_id]
    assert {r.corruptions for r in others} == {()}
    assert "The chosen on corrupted inputs" in text
    assert not (run_folder.RunFolder(run_folder.Path(run.folder)).work).exists()


@pytest.mark.slow
def test_the_same_call_finds_it_and_a_record_reads_back(finished):
    run, _ = finished
    lines = (run_folder.Path(run.folder) / "results.jsonl").read_text().splitlines()
    stored = [json.loads(line) for line in lines]
    assert any(line["corruptions"] for line in stored)
    assert run.request.slice_by == ("sheet",)
    assert run.request.corruptions
    assert isinstance(run.chosen, Record)


@pytest.mark.slow
def test_a_bound_on_slices_rejects_what_the_average_hides(tiny_onnx, tmp_path):
    """Int8 of this model loses some points on the whole, more on its worst class."""
    run = package.optimize(
        tiny_onnx / "tiny.onnx", ONE, tiny_onnx / "tiny.npz", max_drop=0.2, max_slice_drop=0.04,
        budget="quick", out=tmp_path / "run",
    )  # fmt: skip
    int8 = next(r for r in run.records if r.precision == "int8-static")
    worst = int8.slices[0].worst_deciding
    assert int8.drop.value <= 0.2
    assert worst.drop.value > int8.drop.value  # a class pays more than the average
    assert worst.drop.value > 0.04
    assert run.chosen.precision == "fp32"
    (missed,) = shortfalls(int8, run.request.constraints)
    assert f"class {worst.value} loses" in shortfall_words.clause(missed)
    assert "a slice may lose 4" in shortfall_words.clause(missed)
    assert (missed.kind, missed.allowed, missed.where.n) == ("slice-drop", 0.04, worst.n)
    assert "Beyond the limit of a slice" in (tmp_path / "run" / "report.html").read_text()


@pytest.mark.parametrize(
    ("given", "fields", "says"),
    [
        ("sheets", {"slice_by": ("sheet", "sheets")}, "no column 'sheets' .*; did you mean"),
        ("sheets", {}, "no input of the model is called 'sheet'"),
        ("tiny", {"metric": "roc-auc", "max_slice_drop": 0.1}, "has no slices to hold"),
    ],
)
@pytest.mark.slow  # the source is read
def test_what_cannot_be_sliced_is_refused_and_nothing_is_left(
    tiny_onnx, data, tmp_path, given, fields, says
):
    source = {"tiny": tiny_onnx / "tiny.npz", "sheets": data}[given]
    with pytest.raises(BadInput, match=says):
        package.optimize(tiny_onnx / "tiny.onnx", ONE, source, out=tmp_path / "run", **fields)
    assert not (tmp_path / "run").exists()
