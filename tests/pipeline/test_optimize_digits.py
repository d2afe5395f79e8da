"""A trained model goes from PyTorch and from ONNX through three real runtimes, whole."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

import edgeopt
from benchmarks.faults import shortly
from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline.steps import session_options
from edgeopt.search.choose import TIE, qualifying

pytestmark = pytest.mark.slow
MAX_DROP = 0.03
PROFILE = str(Path(__file__).with_name("three-runtimes.toml"))


@pytest.fixture(scope="module", params=["pt2", "onnx"])
def run(request, digits, tmp_path_factory):
    """From ONNX with the schedules that users get, settings tried however fast the machine is."""
    out = tmp_path_factory.mktemp(f"run-{request.param}") / "run"
    short = nullcontext() if request.param == "onnx" else shortly.applied(sweep=True)
    with short, pytest.MonkeyPatch.context() as patch:
        patch.setattr(session_options, "can_tell", lambda *_: True)
        yield edgeopt.optimize(
            digits / f"digits.{request.param}",
            target=PROFILE,
            data=_data(digits, "image" if request.param == "onnx" else "input"),
            metric="accuracy",
            max_drop=MAX_DROP,
            budget="quick",
            out=out,
        )


def _data(digits, name):
    """The arrays under the model's own input name."""
    with np.load(digits / "digits.npz") as arrays:
        return {name: arrays["image"], "labels": arrays["labels"]}


def plain(run):
    """The recipes of the profile; what a sweep made of them comes after."""
    found = {}
    for record in run.records:
        found.setdefault((record.runtime, record.precision), record)
    return found


def test_every_runtime_and_precision_came_through(run):
    ended = {key: (r.status, r.reason) for key, r in plain(run).items()}
    skipped = ended.pop(("openvino", "bf16"))
    assert skipped == ("skipped", "the tests leave it out")
    assert len(ended) == 6
    assert all(status == "ok" for status, _ in ended.values()), ended


def test_the_leading_ones_were_tried_with_other_settings(run):
    settings = {r.recipe.settings for r in run.records if r.recipe}
    assert len(settings - {r.recipe.settings for r in plain(run).values() if r.recipe}) >= 1
    assert (Path(run.folder) / "measurements" / "three-runtimes-02-closer.json").is_file()


def test_scores_are_within_the_drop_with_their_intervals(run):
    scored = [r for r in plain(run).values() if r.status != "skipped"]
    assert len(scored) == 6
    for record in scored:
        assert record.score.metric == "accuracy"
        assert record.score.low <= record.score.value <= record.score.high
        assert record.score.n == run.data.choose
        assert record.drop.value <= MAX_DROP
        assert record.score.value > 0.95


def test_every_latency_says_how_it_was_got(run):
    # Without one: what is left out, and a variant that does not qualify.
    timed = [r for r in run.records if r.status != "skipped" and not r.latency_reason]
    assert {r.key for r in plain(run).values() if r.status == "ok"} <= {r.key for r in timed}
    for record in timed:
        assert record.kind == "measured"
        assert 0.001 < record.latency_ms.p50 < 50  # ms: neither us nor s
        assert record.latency_ms.p50_low <= record.latency_ms.p50 <= record.latency_ms.p50_high
        assert record.latency_ms.n >= 64
        budget = BUDGETS[record.latency_ms.budget]
        alone = (1,) if budget.rounds_alone else ()  # a screen of what takes long enough
        assert record.latency_ms.launches in (*budget.looks, *alone)
        assert record.executed.threads == 1
        assert record.executed.load_ms > 0
        assert record.executed.runtime_version


def test_int8_ran_as_int8_and_is_smaller(run):
    by = plain(run)
    for runtime in ("onnxruntime", "openvino", "litert"):
        small, large = by[runtime, "int8-static"], by[runtime, "fp32"]
        assert small.size_bytes < large.size_bytes
        assert "int8" in small.executed.precision
        assert "int8" not in large.executed.precision
        assert small.speedup.over == large.recipe_id


def test_the_choice_is_confirmed_on_samples_no_choice_has_seen(run):
    chosen = run.chosen
    assert run.qualified
    assert chosen.confirm_drop.value <= MAX_DROP
    assert chosen.confirm_score.part == "confirm"
    assert chosen.confirm_score.n == run.data.confirm
    assert run.data.calibrate + run.data.choose + run.data.confirm == 897
    assert str(chosen.recipe) in run.choices[0].why


def test_none_of_its_own_schedule_was_faster_and_held(run):
    rejected = {miss.recipe_id for miss in run.choices[0].rejected}
    rivals = [
        r
        for r in qualifying(run.records, run.request.constraints)
        if r.latency_ms.budget == run.chosen.latency_ms.budget and r.recipe_id not in rejected
    ]
    assert run.chosen in rivals
    fastest = min(r.latency_ms.p50 for r in rivals)
    assert run.chosen.latency_ms.p50 <= fastest * (1 + TIE)


def test_what_was_written_can_be_read_without_edgeopt(run):
    folder = Path(run.folder)
    assert {p.name for p in folder.iterdir()} == {
        "artifacts",
        "call.toml",
        "calibrated",
        "logs",
        "measurements",
        "report.html",
        "results.jsonl",
        "run.json",
        "targets",
        "three-runtimes",
    }
    lines = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    assert len(lines) >= len(run.records)
    assert {line["v"] for line in lines} == {2}
    assert json.loads((folder / "run.json").read_text())["state"] == "finished"
    raw = json.loads(next((folder / "measurements").glob("*quick.json")).read_text())
    timed = raw["timed"][run.chosen.recipe_id]
    assert len(timed["launches"]) in BUDGETS["quick"].looks
    assert len(raw["health"]) == 2
    assert all(t > 0 for t in timed["launches"][0]["blocks"][0]["t_ns"])


def test_the_bundle_gives_the_confirmed_answers(run, digits, tmp_path):
    folder = Path(run.folder) / "three-runtimes"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["sha256"] == run.chosen.sha256
    name = manifest["inputs"][0]["source"]
    with np.load(digits / "digits.npz") as arrays:
        np.savez(tmp_path / "in.npz", **{name: arrays["image"]})
        labels = arrays["labels"]
    command = [sys.executable, folder / "run.py", tmp_path / "in.npz", tmp_path / "out.npz"]
    subprocess.run(command, check=True, cwd=tmp_path, capture_output=True)
    with np.load(tmp_path / "out.npz") as arrays:
        answers = arrays[manifest["outputs"][0]["source"]].reshape(len(labels), 10)
    accuracy = (answers.argmax(axis=1) == labels).mean()
    confirmed = run.chosen.confirm_score
    assert confirmed.low <= accuracy <= confirmed.high


def test_the_same_call_again_is_answered_from_the_folder(run, digits):
    journal = Path(run.folder) / "results.jsonl"
    before = journal.read_bytes()
    again = edgeopt.optimize(
        digits / ("digits.pt2" if run.source.format == "pt2" else "digits.onnx"),
        target=PROFILE,
        data=_data(digits, run.source.inputs[0].name),
        metric="accuracy",
        max_drop=MAX_DROP,
        budget="quick",
        out=run.folder,
    )
    assert again.chosen == run.chosen
    assert journal.read_bytes() == before
