"""This machine as a device."""

from pathlib import Path

import pytest

from edgeopt.devices.local import Local
from edgeopt.harness.client import Client


def test_files_stay_where_they_are(tmp_path):
    device = Local()
    file = tmp_path / "model.bin"
    file.write_bytes(b"model")
    assert device.put(file) == str(file)
    device.get(str(file), file)
    device.get(str(file), tmp_path / "copy.bin")
    assert (tmp_path / "copy.bin").read_bytes() == b"model"


def test_the_scratch_folder_goes_with_the_device():
    device = Local()
    folder = Path(device.folder())
    (folder / "left.npy").write_bytes(b"")
    assert device.folder() == str(folder)
    device.close()
    assert not folder.exists()
    device.close()
    assert device.folder() != str(folder)
    device.close()


@pytest.mark.slow
def test_its_runner_starts_from_any_folder_and_is_quiet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "own"))
    log = tmp_path / "logs" / "runner.log"
    with Client(Local(), log) as client:
        assert client.request("hello", 30).machine
    assert log.read_text() == ""


def test_logs_are_added_to(tmp_path):
    log = tmp_path / "runner.log"
    log.write_text("before\n")
    with Client(Local(), log) as client:
        client.request("hello", 30)
    assert log.read_text().startswith("before\n")
