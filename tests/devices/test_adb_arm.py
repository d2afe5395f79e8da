"""From push to record: the aarch64 Python on a phone that QEMU stands in for, by the real adb."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.devices import phone as phones
from benchmarks.devices.adb_server import AdbServer
from edgeopt import targets
from edgeopt.benchmarking.side_by_side import bench
from edgeopt.devices import arm_tree, qemu
from edgeopt.devices.adb import Adb
from edgeopt.devices.arm_cores import files, standing_for
from edgeopt.domain.device import DeviceEntry
from edgeopt.domain.errors import NotInstalled
from edgeopt.harness.budget import SCREEN

DATA = Path(__file__).with_name("android")
TEXTS = {"thermalservice": "thermal-11-thresholds", "battery": "battery-15", "power": "power-11"}


@pytest.fixture
def arm_phone(tmp_path, monkeypatch):
    """A phone whose programs are aarch64 ones."""
    pytest.importorskip("adbutils", reason="pip install 'edgeopt[adb]'")
    try:
        program, tree = qemu.find().program, arm_tree.tree()
    except NotInstalled as error:
        pytest.skip(str(error))
    said = {name: (DATA / f"{file}.txt").read_text() for name, file in TEXTS.items()}
    server = AdbServer(phones.make(tmp_path / "phone", said), "R58M;x")
    board, standing = tmp_path / "board", standing_for(targets.load("pixel-8"))
    for name, text in files(targets.load("pixel-8"), standing.core).items():
        (board / name).parent.mkdir(parents=True, exist_ok=True)
        (board / name).write_text(text)
    server.environment = {
        "EDGEOPT_EMULATOR": program, "QEMU_CPU": standing.core.name, "QEMU_LD_PREFIX": str(board)
    }  # fmt: skip
    monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.port))
    entry = DeviceEntry(link=f"adb://{server.serial}", folder=str(tmp_path / "data local"))
    small = with_one_runtime(tree, tmp_path / "tree")
    made = Adb("phone", entry, lambda progress: small)
    yield made
    made.close()
    server.stop()


def with_one_runtime(tree: Path, folder: Path) -> Path:
    """The tree with ONNX Runtime alone: less to push."""
    others = shutil.ignore_patterns("openvino*", "ai_edge_litert*", "test*")
    return shutil.copytree(tree, folder, ignore=others, copy_function=os.link)


@pytest.mark.slow
def test_from_push_to_record(arm_phone, line, tmp_path):
    model = tmp_path / "it's a; touch 'x'.onnx"
    shutil.copy(line.path, model)
    budget = replace(SCREEN, looks=(1,), rounds=4, rounds_alone=0, warmup_s=0.0)
    table = bench([model], budget=budget, device=arm_phone)
    assert table.rows[0].latency_ms is not None
    found = {finding.check: finding for finding in table.findings}
    assert found["throttling"].state == "ok"
    assert "discharging" in found["battery"].found
    health = table.raw["health"]
    assert [reading["thermal_status"] for reading in health] == [0, 0]
    machine = table.raw["machine"]
    assert (machine["arch"], machine["distribution"]) == ("aarch64", "Android 15")
    assert machine["board"] == "Google Pixel 8 (Google Tensor G3)"
    assert list((tmp_path / "data local" / "trees").iterdir())
