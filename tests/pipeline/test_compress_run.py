"""`edgeopt optimize --prune` for real: stages on disk, candidates, what it says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeopt.store import run_folder
from tests.pipeline.cli_process import HERE, edgeopt, shortly

pytestmark = pytest.mark.slow
ONE = str(HERE / "one-runtime.toml")


@pytest.fixture(scope="module")
def pruned(digits, tmp_path_factory):
    """A run with --prune, and what the command printed."""
    out = tmp_path_factory.mktemp("pruned") / "run"
    done = shortly(
        "optimize", digits / "digits.pt2", "--target", ONE, "--data", digits / "digits.npz",
        "--max-drop", "5%", "--quick", "--prune", "--epochs", "5",
        "--pruning", "step=0.5", "--out", out,
        cwd=out.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return run_folder.read(out), done


def test_steps_are_told_and_their_candidates_are_ordinary(pruned):
    run, _ = pruned
    steps = run.choices[0].compression
    assert steps
    assert all(step.why for step in steps)
    names = {str(r.recipe) for r in run.records if r.recipe and r.recipe.compression}
    assert any("pruned=50%" in name for name in names)
    made = [r for r in run.records if r.recipe and r.recipe.compression and r.status == "ok"]
    assert made
    assert all(r.drop and r.size_bytes for r in made)
    assert all(r.latency_ms or r.latency_reason.startswith("taken back: ") for r in made)


def test_a_step_that_is_kept_has_fewer_weights_and_a_curve(pruned):
    run, _ = pruned
    folder = Path(run.folder)
    first = run.choices[0].compression[0]
    assert first.parameters is not None
    assert first.parameters < 7000
    assert first.curve is not None
    curve = json.loads((folder / first.curve).read_text())
    assert curve["labels"]
    assert curve["epochs"][0]["number"] == 0
    assert curve["epochs"][curve["best"]]["held_out"] < curve["epochs"][0]["held_out"]
    assert (folder / first.curve).with_name("model.onnx").exists()


def test_the_baseline_is_never_a_compressed_model(pruned):
    run, _ = pruned
    baseline = run.record(run.choices[0].target, run.choices[0].baseline_id)
    assert baseline is not None
    assert baseline.recipe is not None
    assert baseline.recipe.compression == ()


def test_the_report_tells_the_steps(pruned):
    run, _ = pruned
    page = (Path(run.folder) / "report.html").read_text()
    assert "A smaller model" in page
    assert "pruned=50%" in page


def test_another_format_says_why_not(tiny_onnx, tmp_path):
    done = shortly(
        "optimize", tiny_onnx / "tiny.onnx", "--target", ONE, "--data", tiny_onnx / "tiny.npz",
        "--quick", "--prune", "--out", tmp_path / "run",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = run_folder.read(tmp_path / "run")
    said = [r.reason for r in run.records if r.precision == "prune"]
    assert said == ["it works on PyTorch models; this one is onnx"]
    assert run.choices[0].compression == ()


def test_samples_for_a_training_that_is_none_are_refused(tiny_onnx, tmp_path):
    done = edgeopt(
        "optimize", tiny_onnx / "tiny.onnx", "--target", ONE, "--data", tiny_onnx / "tiny.npz",
        "--train", tiny_onnx / "tiny.npz", "--out", tmp_path / "run",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "nothing is to be trained" in done.stderr
    assert not (tmp_path / "run").exists()
