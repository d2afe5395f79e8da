"""The command line: manners, tables, JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.pipeline.cli_process import HERE, edgeopt, shortly

ONE = str(HERE / "one-runtime.toml")


@pytest.mark.slow
def test_help_names_every_command_and_the_exit_codes(tmp_path):
    done = edgeopt("--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in (
        "optimize",
        "bench",
        "explain",
        "targets",
        "report",
        "0 chosen, 1 nothing qualified",
    ):
        assert word in done.stdout


@pytest.mark.slow
def test_targets_lists_every_profile_and_what_can_be_done(tmp_path):
    rows = json.loads(edgeopt("targets", "--json", cwd=tmp_path).stdout)
    names = {row["name"] for row in rows}
    assert {"raspberry-pi-5", "pixel-8", "intel-n100", "jetson-orin-nano", "this-machine"} <= names
    here = {row["name"]: row["here"] for row in rows}
    assert here["this-machine"] == "measured"
    assert here["pixel-8"] == "converted"
    table = edgeopt("targets", cwd=tmp_path).stdout
    assert all(name in table for name in names)


@pytest.mark.slow
def test_targets_show_marks_the_basis_of_each_fact(tmp_path):
    text = edgeopt("targets", "show", "raspberry-pi-5", cwd=tmp_path).stdout
    for word in ("Raspberry Pi 5", "verified", "derived", "litert", "int8-static"):
        assert word in text


@pytest.mark.slow
def test_targets_show_this_machine_is_probed(tmp_path):
    shown = json.loads(edgeopt("targets", "show", "this-machine", "--json", cwd=tmp_path).stdout)
    assert shown["cores"][0]["count"] >= 1
    assert shown["isa"]["features"]


def test_an_unknown_option_is_bad_input(tmp_path):
    assert edgeopt("optimize", "--fast", cwd=tmp_path).returncode == 2


@pytest.fixture(scope="module")
def finished(tiny_onnx, tmp_path_factory):
    out = tmp_path_factory.mktemp("cli") / "run"
    done = shortly(
        *("optimize", "tiny.onnx", "--data", "tiny.npz", "--target", ONE),
        *("--max-drop", "2%", "--quick", "--out", out),
        cwd=tiny_onnx,
    )
    return out, done


@pytest.mark.slow
def test_optimize_prints_the_choice_and_the_report(finished):
    out, done = finished
    assert done.returncode == 0, done.stderr
    assert "one-runtime: ship onnxruntime" in done.stdout
    assert str(out / "report.html") in done.stdout.replace("\n", "")
    assert "\x1b[" not in done.stdout, "colours only on a terminal"
    assert "measuring" in done.stderr, "progress goes to the error stream"


@pytest.mark.slow
def test_report_shows_it_again_and_writes_the_page_anew(finished):
    out, done = finished
    (out / "report.html").unlink()
    again = edgeopt("report", out, cwd=out)
    assert again.returncode == 0
    assert again.stdout == done.stdout
    assert (out / "report.html").read_text().startswith("<!")


@pytest.mark.slow
def test_report_json_is_the_run(finished):
    out, _ = finished
    run = json.loads(edgeopt("report", out, "--json", cwd=out).stdout)
    assert run["state"] == "finished"
    assert run["choices"][0]["recipe_id"]


@pytest.mark.slow
def test_bench_times_artifacts_side_by_side(finished):
    out, _ = finished
    # Two of them: where this processor's int8 loses too much, a refined form lies there, too.
    files = sorted(out.glob("artifacts/*/model.onnx"))[:2]
    done = shortly("bench", *files, files[0], "--quick", "--json", cwd=out)
    assert done.returncode == 0, done.stderr
    table = json.loads(done.stdout)
    assert len(table["rows"]) == 3
    assert table["rows"][0]["versus_baseline"] is None
    copy = table["rows"][2]["versus_baseline"]
    # One launch of each tells no word apart: on some processors one launch takes twice another's.
    assert copy["low"] <= copy["ratio"] <= copy["high"]
    assert copy["over"] == table["rows"][1]["versus_baseline"]["over"]
    assert len(table["raw"]["timed"]) == 4, "and the baseline's twin"
    assert table["noise"] > 0
    (stored,) = out.glob("runs/bench-*.json")
    assert json.loads(stored.read_text())["rows"] == table["rows"]
    assert "random, seed 0" in table["inputs"]


@pytest.mark.slow
def test_explain_names_what_makes_the_difference(finished, tiny_onnx, tmp_path):
    out, _ = finished
    before = sorted(out.rglob("*"))
    kept = tmp_path / "why.json"
    wide = {**os.environ, "COLUMNS": "160"}  # times of many digits must not break the words
    done = edgeopt("explain", out, "int8-static", "fp32", "--out", kept, cwd=tiny_onnx, env=wide)
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    for words in (
        "onnxruntime int8-static",
        "onnxruntime fp32",
        "convolutions and matrix products, int8",
        "From ONNX Runtime's profiler",
        "tiny.npz",  # the run's own data, since it is still there
    ):
        assert words in text
    assert "profiling" in done.stderr
    assert sorted(out.rglob("*")) == before, "nothing is written into the run"
    found = json.loads(kept.read_text())
    assert [side["precision"] for side in (found["a"], found["b"])] == ["int8-static", "fp32"]
    assert found["sentence"] in text
    kinds = {cost["kind"] for cost in found["costs"]}
    assert kinds == {"compute", "conversion", "outside"}


@pytest.mark.slow
def test_explain_without_names_is_of_the_chosen_one(finished):
    out, _ = finished
    done = edgeopt("explain", out, "--json", cwd=out)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    run = json.loads(edgeopt("report", out, "--json", cwd=out).stdout)
    assert found["a"]["recipe_id"] == run["choices"][0]["recipe_id"]
    assert found["verdict"]["over"] == found["b"]["recipe_id"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["litert int8-static"], "no candidate is called 'litert int8-static'"),
        (["fp32", "fp32"], "is compared with itself"),
        (["--runtime", "openvino"], "no int8-static of 'openvino'"),
        (["--target", "nowhere"], "the run has no target 'nowhere'"),
        (["--data", "missing.npz"], "missing.npz"),
    ],
)
def test_explain_refuses_what_is_not_there(finished, arguments, words):
    out, _ = finished
    done = edgeopt("explain", out, *arguments, cwd=out)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_explain_refuses_a_folder_without_a_run(tmp_path):
    done = edgeopt("explain", tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert "holds no run" in done.stderr


@pytest.mark.slow
def test_bench_refuses_open_shapes_and_unknown_files(tiny_onnx, tmp_path):
    done = edgeopt("bench", "tiny.onnx", cwd=tiny_onnx)
    assert done.returncode == 2
    assert "open dimensions" in done.stderr
    (tmp_path / "x.txt").write_text("x")
    done = edgeopt("bench", "x.txt", cwd=tmp_path)
    assert done.returncode == 2
    assert "no runtime opens x.txt" in done.stderr


@pytest.mark.slow
def test_ctrl_c_says_that_the_same_command_goes_on(tiny_onnx, tmp_path):
    import signal
    import time

    command = [sys.executable, "-m", "edgeopt.cli", "optimize", "tiny.onnx", "--data", "tiny.npz"]
    command += ["--target", ONE, "--out", str(tmp_path / "r")]
    process = subprocess.Popen(
        command,
        cwd=tiny_onnx,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has it ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    until = time.monotonic() + 60  # Python itself answers while it starts
    while not (tmp_path / "r").exists() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=60)
    # A shell sees 130 either way: where the interrupt meets an `exec` of text, as dataclasses are
    # made by, CPython ends by the signal itself, handled or not (`unhandled_keyboard_interrupt`).
    assert process.returncode in (130, -signal.SIGINT)
    assert "the same command again goes on" in text
