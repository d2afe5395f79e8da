"""The modes of `bench` on a real model in a real runtime; the schedules are in tests/harness."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import edgeopt as package
from edgeopt.benchmarking import modes
from edgeopt.benchmarking.opened_files import open_files
from edgeopt.devices.local import Local
from edgeopt.domain.errors import BadInput
from edgeopt.harness import load_time_figures, open_loop_figures, throughput_figures
from edgeopt.harness.load_time import measure_load_time
from edgeopt.harness.open_loop import measure_open_loop
from edgeopt.harness.started import Setting
from edgeopt.harness.throughput import measure_throughput
from tests.pipeline.cli_process import edgeopt


@pytest.fixture(scope="session")
def fixed(tiny_onnx, tmp_path_factory) -> Path:
    """The tiny classifier with batch 1."""
    import onnx

    model = onnx.load(tiny_onnx / "tiny.onnx")
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    path = tmp_path_factory.mktemp("fixed") / "fixed.onnx"
    onnx.save(model, path)
    return path


@pytest.fixture
def opened(fixed, tmp_path):
    """(setting, subjects) on this machine."""
    device = Local()
    found = open_files(device, [fixed], [1], None, 0, tmp_path, 60.0)
    yield Setting(device, found.feeds, tmp_path / "log", 60.0), found.subjects
    device.close()


@pytest.mark.slow
def test_sustained(fixed):
    told: list[str] = []
    outcome = package.measure_sustained(
        fixed, 1.5, progress=lambda what, done=0, total=0: told.append(what)
    )
    (row,) = outcome.rows
    assert row.reason == ""
    assert row.duration_s == pytest.approx(1.5, abs=1)
    assert [minute.minute for minute in row.minutes] == [0]
    assert 0 < row.burst_p50_ms < 10
    assert row.slowdown == row.steady_p50_ms / row.burst_p50_ms
    assert any("load:" in what for what in told)
    data = json.loads(json.dumps(outcome.data()))
    assert sum(len(turn["t_ns"]) for turn in data["raw"][0]["turns"]) == row.minutes[0].n
    assert outcome.machine.cores >= 1


@pytest.mark.slow
def test_throughput(opened):
    (crowd,) = measure_throughput(*opened, (2,), slice_s=0.05)
    row = throughput_figures.figures(crowd, 1)
    assert row.reason == ""
    assert len(row.counts) == 2
    assert min(row.counts) > 0
    assert row.per_s_low <= row.per_s <= row.per_s_high
    assert row.memory_bytes > 0
    assert row.notes == ("2 threads on 1 cores",)


@pytest.mark.slow
def test_open_loop(opened):
    (trial,) = measure_open_loop(*opened, 200, frames=90, seconds=0.0)
    row = open_loop_figures.figures(trial)
    assert row.reason == ""
    assert row.n == 90
    assert row.service_p50_ms <= row.p50_ms
    assert row.fps_achieved <= 200.001


@pytest.mark.slow
def test_load_time(opened):
    (trial,) = measure_load_time(*opened, repetitions=1)
    row = load_time_figures.figures(trial)
    assert row.reason == ""
    assert row.files_bytes == opened[1][0].path.stat().st_size
    assert row.warm.load_ms.median > 0
    assert row.warm.compile_ms is None
    assert row.why_null["compile_ms"] == "this runtime loads and compiles in one step"
    assert (row.cold is None) == ("cold" in row.why_null)
    assert row.process_ms.low > 10, "a Python has to start"


@pytest.mark.slow
def test_the_command_prints_the_table_and_keeps_the_raw_samples(fixed, tmp_path):
    done = edgeopt("bench", fixed, "--sustained", "1.5s", "--out", "raw.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "steady p50" in done.stdout
    assert "load:" in done.stderr
    data = json.loads((tmp_path / "raw.json").read_text())
    assert (data["v"], data["mode"]) == (1, "sustained")
    assert data["rows"][0]["path"] == str(fixed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--fps", 30, "--streams", 2), "--streams and --fps are two measurements"),
        (("--load-time", "--quick"), "do not go with --load-time"),
        (("--sustained", "soon"), "'soon' is no duration"),
        (("--fps", 0), "--fps"),
    ],
)
def test_what_does_not_go_together_is_bad_input(fixed, tmp_path, words, told):
    done = edgeopt("bench", fixed, *words, cwd=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_one_mode_or_none():
    assert modes.asked(None, (), None, False) is None
    assert modes.asked(600.0, (), None, False) == modes.SustainedMode(600.0)
    assert modes.asked(None, (2, 1, 2), None, False) == modes.ThroughputMode((2, 1))
    assert modes.asked(None, (), 30.0, False) == modes.OpenLoopMode(30.0)
    assert modes.asked(None, (), None, True) == modes.LoadTimeMode()
    with pytest.raises(BadInput, match="two measurements"):
        modes.asked(600.0, (), None, True)
