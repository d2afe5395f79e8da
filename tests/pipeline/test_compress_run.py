"""`edgeopt optimize --prune` for real: stages on disk, candidates, what it says where it cannot."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cli_process import HERE, edgeopt

from edgeopt.store import run_folder

pytestmark = pytest.mark.slow
ONE = str(HERE / "one-runtime.toml")


@pytest.fixture(scope="module")
def pruned(digits, tmp_path_factory):
    """A run with --prune, and what the command printed."""
    pytest.importorskip("torch_pruning")
    out = tmp_path_factory.mktemp("pruned") / "run"
    done = edgeopt(
        "optimize", digits / "digits.pt2", "--target", ONE, "--data", digits / "digits.npz",
        "--max-drop", "5%", "--quick", "--prune", "--epochs", "6", "--qat",
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
    assert all(r.latency_ms and r.drop and r.size_bytes for r in made)


def test_a_step_that_is_kept_has_fewer_weights_and_a_curve(pruned):
    run, _ = pruned
    folder = run_folder.RunFolder(run_folder.Path(run.folder)).path
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
    page = (run_folder.Path(run.folder) / "report.html").read_text()
    assert "A smaller model" in page
    assert "pruned=50%" in page


def test_another_format_says_why_not(digits, tmp_path):
    done = edgeopt(
        "optimize", digits / "digits.onnx", "--target", ONE, "--data", digits / "digits.npz",
        "--quick", "--prune", "--out", tmp_path / "run",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = run_folder.read(tmp_path / "run")
    said = [r.reason for r in run.records if r.precision == "prune"]
    assert said == ["it works on PyTorch models; this one is onnx"]


def test_samples_that_judge_are_refused_for_training(digits, tmp_path):
    done = edgeopt(
        "optimize", digits / "digits.pt2", "--target", ONE, "--data", digits / "digits.npz",
        "--prune", "--train", digits / "digits.npz", "--out", tmp_path / "run",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "are in the part that is to choose" in done.stderr
    assert not (tmp_path / "run").exists()


def test_train_without_a_method_is_refused(digits, tmp_path):
    np.savez(tmp_path / "more.npz", image=np.zeros((20, 1, 8, 8), np.float32))
    done = edgeopt(
        "optimize", digits / "digits.pt2", "--target", ONE, "--data", digits / "digits.npz",
        "--train", tmp_path / "more.npz", "--out", tmp_path / "run",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "nothing is to be trained" in done.stderr
