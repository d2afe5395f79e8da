"""A run that is killed, that finds nothing, that meets failures."""

from __future__ import annotations

import itertools
import json
import os
import platform
import signal
import subprocess
import time

import pytest

import edgeopt as package
from edgeopt.pipeline.call import Call
from edgeopt.pipeline.optimize import optimize
from edgeopt.search import suggest
from tests.pipeline.cli_process import HERE, SHORTLY, shortly

ONE = str(HERE / "one-runtime.toml")
THREE = str(HERE / "three-runtimes.toml")
pytestmark = pytest.mark.usefixtures("short_schedules")


def records(folder):
    lines = (folder / "results.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.slow
def test_a_killed_run_loses_no_finished_record_and_goes_on(tiny_onnx, tmp_path):
    out = tmp_path / "run"
    arguments = ["optimize", "tiny.onnx", "--data", "tiny.npz", "--target", THREE, "--quick"]
    arguments += ["--out", out]
    command = [*SHORTLY, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=tiny_onnx, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while _lines(out) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = records(out)
    assert len(finished) >= 4
    made = {path: path.stat().st_mtime_ns for path in out.glob("artifacts/*/artifact.json")}
    assert made

    done = shortly(*arguments, cwd=tiny_onnx)
    assert done.returncode == 0, done.stderr
    assert records(out)[: len(finished)] == finished
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in made.items())
    assert json.loads((out / "run.json").read_text())["state"] == "finished"
    assert not (out / "work").exists()


def _lines(out):
    try:
        return (out / "results.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


@pytest.mark.slow
def test_nothing_qualified_is_exit_code_1_with_the_nearest_misses(tiny_onnx, tmp_path):
    arguments = ["optimize", "tiny.onnx", "--data", "tiny.npz", "--target", ONE, "--quick"]
    done = shortly(*arguments, "--max-size", "10B", "--out", tmp_path / "run", cwd=tiny_onnx)
    assert done.returncode == 1, done.stderr
    assert "its size is" in done.stdout
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["choices"][0]["recipe_id"] is None
    assert len(run["choices"][0]["misses"]) == 2
    assert not (tmp_path / "run" / "one-runtime").exists()


@pytest.mark.slow
def test_a_conversion_that_takes_too_long_is_a_record(tiny_onnx, tmp_path):
    call = Call(
        model=tiny_onnx / "tiny.onnx",
        targets=(str(ONE),),
        data=tiny_onnx / "tiny.npz",
        out=tmp_path / "r",
        step_timeout_s=0.05,  # and more for reading the model
    )
    run = optimize(call)
    tried = [r for r in run.records if r.status != "skipped"]
    assert {r.status for r in tried} == {"timeout"}
    assert ["longer than its limit" in r.reason for r in tried] == [True] * len(tried)
    assert ["--step-timeout" in r.hint for r in tried] == [True] * len(tried)
    assert not run.qualified


@pytest.mark.slow
def test_a_runtime_that_crashes_is_a_record_and_the_run_goes_on(tiny_onnx, tmp_path):
    """ONNX Runtime replaced by a module that dies by a signal as soon as int8 is opened."""
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "sitecustomize.py").write_text(CRASHING)
    done = shortly(
        *("optimize", "tiny.onnx", "--data", "tiny.npz", "--target", ONE),
        *("--quick", "--out", tmp_path / "run", "--json"),
        cwd=tiny_onnx,
        env={**os.environ, "PYTHONPATH": str(fake)},
    )
    assert done.returncode == 0, done.stderr
    ended = {r["precision"]: r for r in json.loads(done.stdout)["records"] if r["recipe_id"]}
    assert ended["fp32"]["status"] == "ok"
    assert ended["int8-static"]["status"] == "failed-run"
    assert "SIGSEGV" in ended["int8-static"]["reason"]


CRASHING = """
import sys
if {"edgeopt.runner", "edgeopt.jobs.warm_server"} & set(sys.orig_argv):
    import os, signal
    import builtins
    original = builtins.open
    from importlib import util

    class Crash:
        def find_spec(self, name, path=None, target=None):
            if name == "edgeopt.runner.commands":
                sys.meta_path.remove(self)
                import edgeopt.runtimes.onnxruntime as module
                opened = module.open_session
                def crash(path, threads, options):
                    import onnxruntime
                    session = opened(path, threads, options)
                    if b"QuantizeLinear" in original(path, "rb").read():
                        os.kill(os.getpid(), signal.SIGSEGV)
                    return session
                module.open_session = crash
            return None

    sys.meta_path.insert(0, Crash())
"""


@pytest.mark.slow
def test_without_labels_it_is_agreement_and_said_so(tiny_onnx, tmp_path):
    import numpy as np

    with np.load(tiny_onnx / "tiny.npz") as arrays:
        np.savez(tmp_path / "plain.npz", image=arrays["image"])
    run = package.optimize(tiny_onnx / "tiny.onnx", ONE, tmp_path / "plain.npz", out=tmp_path / "r")
    assert run.data.metric == "agreement"
    assert not run.data.labels
    assert run.chosen.confirm_score.metric == "agreement"


def assert_suggested_by_evidence(found, chosen):
    """What this machine took for the forms is the evidence; the model is one matrix product."""
    assert found.reference == "onnxruntime fp32"
    assert found.network.work == "matrix products"
    likely = [one for one in found.order if one.likely]
    assert chosen.recipe_id in likely[0].recipe_ids
    told = [one for one in found.order if one.evidence[0].kind == "timed-here"]
    assert len(told) > 3
    assert all(len(one.evidence) == 1 and one.evidence[0].weight == 1.0 for one in told)
    assert all(one.evidence[0].where == platform.machine() for one in told)
    times = [one.times for one in likely]
    assert all(a <= b * (1 + suggest.ALIKE) for a, b in itertools.pairwise(times))


@pytest.mark.slow
def test_a_target_that_is_not_here_is_converted_scored_and_not_timed(tiny_onnx, tmp_path):
    run = package.optimize(
        tiny_onnx / "tiny.onnx", "raspberry-pi-4", tiny_onnx / "tiny.npz", out=tmp_path / "r"
    )
    tried = [r for r in run.records if r.status == "ok"]
    assert tried
    for record in tried:
        assert record.kind is None
        assert record.latency_ms is None
        assert record.latency_reason == (
            "no device of the target raspberry-pi-4 was at hand, and this machine is not one"
        )
        assert record.score is not None
    [choice] = run.choices
    assert choice.basis == "suggested"
    assert run.chosen.confirm_drop is not None
    assert_suggested_by_evidence(choice.suggestion, run.chosen)


@pytest.mark.slow
def test_an_own_metric_and_own_data_from_functions(tiny_onnx, tmp_path):
    (tmp_path / "mine.py").write_text(OWN)
    done = shortly(
        *("optimize", tiny_onnx / "tiny.onnx", "--data", "mine:data", "--metric", "mine:metric"),
        *("--target", ONE, "--quick", "--out", "run", "--json"),
        cwd=tmp_path,
        env={**os.environ, "TINY": str(tiny_onnx / "tiny.npz")},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["metric"] == "mine:metric"


OWN = """
import os
import numpy as np

def data():
    with np.load(os.environ["TINY"]) as arrays:
        return dict(arrays)

def metric(outputs, labels):
    return float((outputs.reshape(len(outputs), -1).argmax(axis=1) == labels).mean())
"""
