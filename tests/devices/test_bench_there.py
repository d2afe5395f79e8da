"""`bench` on a device: what travels of a user's folder, and what comes back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from edgeopt.benchmarking.side_by_side import bench
from edgeopt.devices.ssh import Ssh
from edgeopt.domain.errors import BadInput, DeviceFailed
from edgeopt.harness.budget import SCREEN
from edgeopt.harness.files import alone


def test_what_travels_is_the_model_alone(tmp_path):
    for name in ("m.xml", "m.bin", "mine.txt", "other.bin"):
        (tmp_path / name).write_text(name)
    folder = alone(tmp_path / "m.xml", tmp_path / "work" / "0")
    assert {f.name for f in folder.iterdir()} == {"m.xml", "m.bin"}


@pytest.mark.slow
def test_artifacts_are_timed_there_and_nothing_else_is_sent(by_ssh, place, line, tmp_path):
    model = tmp_path / "private" / "model.onnx"
    model.parent.mkdir()
    shutil.copy(line.path, model)
    (model.parent / "diary.txt").write_text("nobody's business")
    budget = replace(SCREEN, looks=(1,), rounds=4, rounds_alone=0, warmup_s=0.0)
    table = bench([model, model], budget=budget, device=by_ssh)
    assert [row.path for row in table.rows] == [str(model), str(model)]
    assert all(row.latency_ms is not None for row in table.rows)
    assert list(place.rglob("model.onnx"))
    assert not list(place.rglob("diary.txt"))


@pytest.mark.slow
def test_a_model_that_does_not_open_there_is_bad_input(by_ssh, tmp_path):
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(BadInput, match="cannot open"):
        bench([tmp_path / "text.onnx"], device=by_ssh)


def test_a_device_that_cannot_be_reached_is_not_the_models_fault(server, line):
    device = Ssh("board", server.entry(link="ssh://no-such-host.invalid"))
    with pytest.raises(DeviceFailed, match="there is no host"):
        bench([Path(line.path)], device=device)
