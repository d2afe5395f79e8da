"""run.py --benchmark, and what else a bundle says of where and how it is used."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from edgeopt.bundle import setting_up
from edgeopt.bundle.write import ALONE_WARMUP_S, schedule, write
from edgeopt.domain.latency import Latency
from edgeopt.domain.record import Executed
from edgeopt.domain.task import TaskFacts
from edgeopt.harness.budget import QUICK, SETTLING, STANDARD
from edgeopt.runner import alone
from edgeopt.stats import verdict
from tests.bundle import many_tensors, test_inputs

LATENCY = Latency(
    p50=1.5, p50_low=1.4, p50_high=1.6, p90=None, n=99, launches=3, stage="final", budget="quick"
)
SHORT = {"launches": 2, "rounds": 2, "warmup_s": 0.0, "warmup_runs": 2, "block_s": 0.0}


@pytest.fixture
def bundle(tmp_path):
    """A bundle of ONNX Runtime whose schedule is short, with a latency that nothing has."""
    folder = test_inputs.bundle(tmp_path / "m", "float32")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["measured"]["schedule"] |= SHORT
    manifest["measured"]["latency_ms"] = {"p50": 1e6, "p50_low": 9e5, "p50_high": 2e6}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def ask(bundle, *arguments):
    command = [sys.executable, "-I", str(bundle / "run.py"), "--benchmark", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_it_says_the_figures_the_record_and_the_method(bundle, tmp_path):
    done = ask(bundle)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["launches"], told["inputs"]) == (2, "random")
    assert told["p50_low_ms"] <= told["p50_ms"] <= told["p50_high_ms"]
    assert told["against_record"]["word"] == "faster"
    for words in ("95 % interval", "The record: p50", "this is faster", "How: 2 fresh processes"):
        assert words in done.stderr
    np.savez(tmp_path / "in.npz", image=np.zeros((3, 4, 6, 3), np.float32))
    assert json.loads(ask(bundle, tmp_path / "in.npz").stdout)["inputs"] == "given"


@pytest.mark.parametrize(
    ("p50", "low", "high", "word"),
    [
        (1.5, 1.4, 1.6, "agrees"),  # the intervals meet
        (1.01, 1.009, 1.011, "agrees"),  # apart, and by less than what counts as a difference
        (0.99, 0.989, 0.991, "agrees"),
        (1.03, 1.029, 1.031, "slower"),
        (0.97, 0.969, 0.971, "faster"),
        (1.03, 0.9, 1.1, "agrees"),
    ],
)
def test_a_difference_that_verdicts_ignore_is_none(p50, low, high, word):
    found = {"p50_ms": p50, "p50_low_ms": low, "p50_high_ms": high}
    record = {"p50": 1.0, "p50_low": 0.999, "p50_high": 1.001}
    recorded = record if p50 != 1.5 else {"p50": 1.0, "p50_low": 0.9, "p50_high": 1.45}
    assert alone.agreement(found, recorded) == {"word": word, "ratio": p50}
    assert alone.MARGIN == verdict.MARGIN


@pytest.mark.slow
def test_it_refuses_what_does_not_fit(bundle, tmp_path):
    np.savez(tmp_path / "in.npz", image=np.zeros((3, 4, 6), np.float32))
    for given, words in (
        ([tmp_path / "in.npz"], "but the model takes"),
        ([tmp_path / "none.npz"], "none.npz"),
        (["a.npz", "b.npz"], "usage: run.py --benchmark"),
    ):
        done = ask(bundle, *given)
        assert (done.returncode, done.stdout) == (1, "")
        assert words in done.stderr


def test_the_schedule_is_the_records():
    found = schedule(LATENCY)
    assert (found["launches"], found["rounds"]) == (QUICK.looks[0], QUICK.rounds)
    assert (found["block_s"], found["settling"]) == (QUICK.block_s, SETTLING)
    assert found["warmup_s"] == ALONE_WARMUP_S
    assert schedule(None)["rounds"] == STANDARD.rounds
    screen = msgspec.structs.replace(LATENCY, budget="screen", stage="screen")
    assert schedule(screen)["rounds"] == STANDARD.rounds


def executed(version):
    return Executed(
        runtime_version=version, precision=None, threads=1, options={}, load_ms=None,
        first_infer_ms=None,
        peak_rss_bytes=None, why_null={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("runtime", "version", "pin"),
    [
        ("litert", "ai-edge-litert 2.3.0", "ai-edge-litert==2.3.0"),
        ("litert", "tflite-runtime 2.14.0", "tflite-runtime==2.14.0"),
        ("onnxruntime", "1.31.1", "onnxruntime==1.31.1"),
        ("openvino", "2026.4.1", "openvino==2026.4.1"),
        ("executorch", "1.5.1+cpu", "executorch==1.5.1"),
        ("ncnn", "", "ncnn==1.0.1"),
        ("mnn", "not a version\n; rm -rf /", "mnn"),
        ("tensorrt", "10.3.0 (Orin)", "# TensorRT comes with JetPack, or from NVIDIA's own index: "
         "tensorrt==10.3.0"),
    ],
)  # fmt: skip
def test_pins_are_the_versions_that_ran(runtime, version, pin):
    record, _, _ = many_tensors.made(runtime)
    record = msgspec.structs.replace(record, executed=executed(version))
    packages = {"numpy": "2.4.6", "torch": "2.13.0+cpu", "ncnn": "1.0.1"}
    lines = setting_up.requirements(record, {"python": "3.11.7", "packages": packages}, None)
    assert "Python 3.11.7." in lines
    assert {"numpy==2.4.6", pin} <= set(lines.splitlines())
    assert ("torch==2.13.0" in lines.splitlines()) == (runtime == "executorch")
    assert ("--no-binary=antlr4-python3-runtime" in lines) == (runtime == "executorch")


def test_what_answers_images_needs_pillow():
    record, _, _ = many_tensors.made("litert")
    task = TaskFacts(name="classification", head="", preparation={"way": "letterbox"})
    lines = setting_up.requirements(record, {"packages": {"pillow": "12.0.0"}}, task).splitlines()
    assert "pillow==12.0.0" in lines


@pytest.mark.parametrize("camera", [True, False])
def test_the_script_is_what_a_shell_reads(tmp_path, camera):
    task = TaskFacts(name="classification", head="", preparation={"way": "letterbox"})
    script = tmp_path / "setup.sh"
    script.write_text(setting_up.setup_sh(task if camera else None))
    assert subprocess.run(["sh", "-n", script]).returncode == 0
    assert ("--camera 0" in script.read_text()) == camera
    if shutil.which("shellcheck"):
        done = subprocess.run(["shellcheck", script], capture_output=True, text=True)
        assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
@pytest.mark.parametrize("name", ["bundle", 'a "b" %n $HOME \\ c'])
def test_the_service_is_what_systemd_reads(tmp_path, name):
    """setup.sh with a Python that installs nothing: paths of any name are quoted in the unit."""
    folder = tmp_path / name
    (folder / ".venv" / "bin").mkdir(parents=True)
    python = folder / ".venv" / "bin" / "python"
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o755)
    (folder / "setup.sh").write_text(setting_up.setup_sh(None))
    done = subprocess.run(["sh", folder / "setup.sh"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    unit = folder / "model.service"
    checked = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["litert", "onnxruntime", "openvino", "ncnn"])
def test_the_readme_says_how_where_in_ten_lines(tmp_path, runtime):
    record, artifact, facts = many_tensors.made(runtime)
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "model.bin").touch()
    write(tmp_path / "b", record, artifact, tmp_path / "made", facts, {})
    text = (tmp_path / "b" / "README.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert 6 <= len(rows) <= 10
    assert ("native/Model.kt" in text) == (runtime == "litert")
    assert ("native/model.hpp" in text) == (runtime != "ncnn")
    for name in re.findall(r"`(native/\S+?|[\w.]+\.(?:txt|sh|py|json))`", text):
        assert (tmp_path / "b" / name).is_file(), name
