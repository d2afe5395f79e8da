"""From a file to the first answer: cold and warm, on a scripted clock and on real files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgeopt.harness.files import files_of
from edgeopt.harness.load_time import REPETITIONS, measure_load_time
from edgeopt.harness.load_time_figures import figures
from edgeopt.harness.memory import memory_bytes
from edgeopt.harness.replies import Loaded
from edgeopt.harness.started import Setting
from edgeopt.runner import page_cache
from tests.harness.standin import Script

LOADS = Script(duration_ns="7e6 if i == 0 else 1e6", load_ns=10_000_000, cold_load_ns=50_000_000)


@pytest.fixture
def loaded(device, log):
    def run(scripts: dict[str, Script], repetitions: int = 2):
        subjects = [device.subject(key, script) for key, script in scripts.items()]
        setting = Setting(device, device.feed(), log, 30.0)
        return measure_load_time(setting, subjects, repetitions=repetitions)

    return run


@pytest.mark.slow
def test_cold_and_warm_are_pairs_of_fresh_processes(loaded, device):
    (trial,) = loaded({"a": LOADS}, REPETITIONS)
    assert len(device.runners) == 2 * REPETITIONS
    by_round = [[t.prepare for t in trial.turns if t.round == n] for n in range(REPETITIONS)]
    assert all(sorted(pair) == ["evict", "fill"] for pair in by_round)
    assert len({tuple(pair) for pair in by_round}) == 2, "in an order that is drawn anew"
    row = figures(trial)
    assert (row.cold.load_ms.median, row.warm.load_ms.median) == (50, 10)
    assert row.cold.load_ms.n == row.warm.load_ms.n == REPETITIONS
    assert row.cold.first_infer_ms.median == 7
    assert (row.cold.ready_ms.median, row.warm.ready_ms.median) == (57, 17)
    assert row.warm.compile_ms is None
    assert row.why_null == {"compile_ms": "scripted in one step"}
    assert row.process_ms.low > 1, "a real process, in the host's time"
    assert row.import_ms.median == 3
    assert row.memory_bytes == (1 << 20) - 1


@pytest.mark.slow
def test_what_stays_in_memory_is_not_cold(loaded):
    stuck, other = loaded({"stuck": Script(resident_bytes=64), "b": LOADS})
    row = figures(stuck)
    assert row.cold is None
    assert row.why_null["cold"].startswith("64 of ")
    assert row.warm is not None
    assert figures(other).cold is not None


def test_a_file_that_does_not_open_is_a_reason(loaded):
    bad, _ = loaded({"bad": Script(trouble="exit", at="open"), "b": LOADS})
    row = figures(bad)
    assert "exit code 7" in row.reason
    assert (row.cold, row.warm, row.memory_bytes) == (None, None, None)
    assert row.why_null["warm"] == row.reason


def test_memory_without_its_readings_is_null():
    def opened(before):
        return Loaded(version="1", load_ns=1, compile_ns=None, why_null={}, rss_before_bytes=before)

    assert memory_bytes(opened(100), 150) == 50
    assert memory_bytes(opened(None), 150) is None
    assert memory_bytes(opened(100), None) is None


# --- real files


@pytest.fixture
def file(tmp_path) -> str:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"x" * 1_000_001)
    return str(path)


def test_files_leave_the_page_cache_and_come_back(file):
    assert page_cache.fill([file])["resident_bytes"] == 1_000_001
    evicted = page_cache.evict([file])
    if evicted["resident_bytes"]:
        pytest.skip("the temporary folder is in memory: set TMPDIR to one on a disk")
    assert evicted == {"bytes": 1_000_001, "resident_bytes": 0, "why_null": {}}
    with open(file, "rb") as some:
        some.read(10)
    assert 0 < page_cache.residence([file])["resident_bytes"] <= 1_000_001
    assert page_cache.fill([file])["resident_bytes"] == 1_000_001


def test_what_lives_in_memory_is_not_evicted():
    memory_folder = Path("/dev/shm")
    if not memory_folder.is_dir():
        pytest.skip("needs a file system in memory at /dev/shm")
    path = memory_folder / "edgeopt-test-page-cache"
    path.write_bytes(b"x" * 10_000)
    try:
        assert page_cache.evict([str(path)])["resident_bytes"] == 10_000
    finally:
        path.unlink()


def test_an_empty_file_is_nowhere(tmp_path):
    (tmp_path / "empty").touch()
    told = page_cache.evict([str(tmp_path / "empty")])
    assert (told["bytes"], told["resident_bytes"]) == (0, 0)


def test_the_files_of_an_artifact(tmp_path):
    for name in ("model.xml", "model.bin", "other.bin", "net.onnx", "net.onnx.data", "big_weights",
                 "net.tflite", "net.txt"):  # fmt: skip
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "net.onnx").write_bytes(b"..location..net.onnx.data..location..big_weights..")
    assert [p.name for p in files_of(tmp_path / "model.xml")] == ["model.bin", "model.xml"]
    names = [p.name for p in files_of(tmp_path / "net.onnx")]
    assert names == ["big_weights", "net.onnx", "net.onnx.data"]
    assert [p.name for p in files_of(tmp_path / "net.tflite")] == ["net.tflite"]
    listed = {"model.xml": "0", "other.bin": "0"}
    (tmp_path / "artifact.json").write_text(json.dumps(manifest(listed)))
    assert [p.name for p in files_of(tmp_path / "model.xml")] == ["model.xml", "other.bin"]
    assert "net.onnx.data" in {p.name for p in files_of(tmp_path / "net.onnx")}


def manifest(files: dict[str, str]) -> dict:
    return {
        "recipe": {"runtime": "openvino", "precision": "fp32"}, "path": "model.xml", "files": files,
        "sha256": "", "size_bytes": 1, "inputs": [], "outputs": [], "source_sha256": "",
        "tools": {}, "convert_s": 1.0,
    }  # fmt: skip
