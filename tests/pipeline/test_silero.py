"""Silero VAD: three inputs, recurrent state, int64, an If on the sampling rate, open dimensions."""

from __future__ import annotations

import numpy as np
import pytest

import edgeopt
from benchmarks.demo.packages import folder
from tests.pipeline.cli_process import HERE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(tmp_path_factory, short_schedules):
    out = tmp_path_factory.mktemp("silero") / "run"
    return edgeopt.optimize(
        folder("silero-vad") / "silero_vad" / "data" / "silero_vad_16k_op15.onnx",
        target=str(HERE / "three-runtimes.toml"),
        data=_windows(240),
        max_drop=0.05,
        budget="quick",
        out=out,
    )


def _windows(count):
    """Windows of 36 ms: every other one voiced (harmonics of a random pitch), with noise."""
    rng = np.random.default_rng(0)
    time = np.arange(576) / 16000
    sound = rng.normal(0, 0.01, (count, 576))
    for i in range(0, count, 2):
        pitch = rng.uniform(90, 250)
        for harmonic in range(1, 12):
            phase = rng.uniform(0, 2 * np.pi)
            sound[i] += 0.2 / harmonic * np.sin(2 * np.pi * pitch * harmonic * time + phase)
    return {
        "input": sound.astype(np.float32),
        "state": rng.normal(0, 0.3, (count, 2, 1, 128)).astype(np.float32),
        "sr": np.full(count, 16000, np.int64),
    }


def test_shapes_were_fixed_from_the_data(run):
    shapes = {spec.name: spec.shape for spec in run.source.inputs}
    assert shapes == {"input": (1, 576), "state": (2, 1, 128), "sr": ()}
    assert "If" not in run.source.operators


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino", "litert"])
def test_fp32_goes_through_every_runtime(run, runtime):
    record = next(r for r in run.records if (r.runtime, r.precision) == (runtime, "fp32"))
    assert record.status == "ok", record.reason
    assert record.parity.sqnr_db is None or record.parity.sqnr_db > 40
    assert record.score.value == 1.0
    assert record.latency_ms.p50 < 20


def test_what_did_not_go_through_says_why(run):
    reasons = {r.name: r.reason for r in run.records if r.status != "ok"}
    assert len(run.records) >= 6
    assert [name for name, why in reasons.items() if len(why) <= 10 or "\n" in why] == []
