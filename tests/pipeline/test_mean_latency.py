"""`optimize` for a phone that LiteRT's own program times: scored here, means kept apart."""

from __future__ import annotations

import pytest

import edgeopt as package
from benchmarks.devices import phone as phones
from benchmarks.devices.adb_server import AdbServer
from edgeopt.devices import registry
from edgeopt.domain.device import DeviceEntry
from tests.pipeline.cli_process import HERE

PRINTS = """#!/bin/sh
case $* in *num_threads=2*) echo "ERROR: Failed to allocate tensors!"; exit 1;; esac
echo "INFO: count=50 first=300 curr=300 min=290 max=410 avg=312.5 std=12 p5=1 median=301 p95=2"
echo "INFO: Inference timings in us: Init: 900, First inference: 700, Warmup (avg): 320, Inference (avg): 312.5"
"""  # noqa: E501


@pytest.fixture
def phone(tmp_path, monkeypatch):
    """A phone in the list, of a target that has recipes for LiteRT and ONNX Runtime."""
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    server = AdbServer(phones.make(tmp_path / "phone", {}), "PIX8")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path / "config"))
    program = tmp_path / "benchmark_model"
    program.write_text(PRINTS)
    registry.add(
        "pixel",
        DeviceEntry(
            link="adb://PIX8",
            target="test-phone",
            folder=str(tmp_path / "there"),
            benchmark_model=str(program),
        ),
    )
    text = (HERE / "one-runtime.toml").read_text()
    text = text.replace('"one-runtime"', '"test-phone"')
    text = text.replace('[match]\nfeatures = ["avx2"]', '[match]\nboard = "^Test Phone$"')
    head = text.partition("[[recipes]]")[0].replace("threads = [1]", "threads = [1, 2]")
    for runtime in ("litert", "onnxruntime"):
        head += f'\n[[recipes]]\nruntime = "{runtime}"\nprecision = "fp32"\nwhy = "a test"\n'
    (tmp_path / "test-phone.toml").write_text(head)
    yield tmp_path / "test-phone.toml"
    server.stop()


@pytest.mark.slow
def test_means_are_in_a_field_of_their_own_and_choose_nothing(tiny_onnx, phone, tmp_path):
    run = package.optimize(
        tiny_onnx / "tiny.onnx", str(phone), tiny_onnx / "tiny.npz", out=tmp_path / "run",
        budget="quick",
    )  # fmt: skip
    by = {(r.runtime, r.recipe.threads): r for r in run.records}
    litert, refused, other = by["litert", 1], by["litert", 2], by["onnxruntime", 1]
    mean = litert.benchmark_model
    assert (mean.mean_ms, mean.n, mean.threads) == (0.3125, 50, 1)
    assert "--num_runs=25" in mean.arguments
    assert (mean.thermal_before, mean.hot) == (None, False)
    assert (litert.latency_ms, litert.versus_baseline, litert.kind) == (None, None, None)
    assert "compared with nothing" in litert.latency_reason
    assert other.benchmark_model is None
    assert "runs LiteRT's files alone" in other.latency_reason
    # What the program does not take on the phone is no candidate for it.
    assert (refused.status, refused.step, refused.benchmark_model) == (
        "failed-run",
        "measure",
        None,
    )
    assert "benchmark_model on pixel: ERROR: Failed to allocate tensors!" in refused.reason
    (choice,) = run.choices
    assert choice.basis == "suggested"
    assert choice.recipe_id == litert.recipe_id  # a third of the other's time on this machine
    assert "benchmark_model on pixel gave a mean of 0.312 ms, which ranks nothing" in choice.why
    assert "By LiteRT" in (tmp_path / "run" / "report.html").read_text()
    assert run.environment["devices"]["pixel"]["board"] == "Google Pixel 8 (Google Tensor G3)"
