"""`optimize` for a phone that LiteRT's own program times: scored here, means kept apart."""

from __future__ import annotations

import pytest
from cli_process import HERE

import edgeopt as package
from benchmarks.devices import phone as phones
from benchmarks.devices.adb_server import AdbServer
from edgeopt.devices import registry
from edgeopt.domain.device import DeviceEntry

PRINTS = """#!/bin/sh
case $* in *{refuses}*) echo "ERROR: Failed to allocate tensors!"; exit 1;; esac
echo "INFO: count=50 first=300 curr=300 min=290 max=410 avg=305.5 std=12 p5=1 median=301 p95=2"
echo "INFO: Inference timings in us: Init: 900, First inference: 700, Warmup (avg): 320, Inference (avg): 305.5"
"""  # noqa: E501


@pytest.fixture
def phone(tmp_path, monkeypatch):
    """A phone in the list, of a target that has recipes for LiteRT and ONNX Runtime."""
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    server = AdbServer(phones.make(tmp_path / "phone", {}), "PIX8")
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    monkeypatch.setenv("EDGEOPT_CONFIG", str(tmp_path / "config"))
    program = tmp_path / "benchmark_model"
    program.write_text(PRINTS.format(refuses="nothing"))
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
    head, _, _ = text.partition("[[recipes]]")
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
    by = {r.runtime: r for r in run.records if r.status == "ok"}
    litert, other = by["litert"], by["onnxruntime"]
    mean = litert.benchmark_model
    assert (mean.mean_ms, mean.n, mean.threads) == (0.3055, 50, 1)
    assert "--num_runs=25" in mean.arguments
    assert (mean.thermal_before, mean.hot) == (None, False)
    assert (litert.latency_ms, litert.versus_baseline, litert.kind) == (None, None, None)
    assert "compared with nothing" in litert.latency_reason
    assert other.benchmark_model is None
    assert "runs LiteRT's files alone" in other.latency_reason
    (choice,) = run.choices
    assert choice.basis == "profile order"
    assert choice.recipe_id == litert.recipe_id  # the first of the profile
    assert "benchmark_model on pixel gave a mean of 0.306 ms, which ranks nothing" in choice.why
    assert "By LiteRT" in (tmp_path / "run" / "report.html").read_text()
    assert run.environment["devices"]["pixel"]["board"] == "Google Pixel 8 (Google Tensor G3)"


@pytest.mark.slow
def test_what_the_program_refuses_is_not_chosen(tiny_onnx, phone, tmp_path):
    (tmp_path / "benchmark_model").write_text(PRINTS.format(refuses="--graph="))
    run = package.optimize(
        tiny_onnx / "tiny.onnx", str(phone), tiny_onnx / "tiny.npz", out=tmp_path / "run",
        budget="quick",
    )  # fmt: skip
    litert = next(r for r in run.records if r.runtime == "litert")
    assert (litert.status, litert.step) == ("failed-run", "measure")
    assert "Failed to allocate tensors" in litert.reason
    assert run.chosen.runtime == "onnxruntime"
