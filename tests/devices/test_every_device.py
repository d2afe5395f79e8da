"""What every link does alike. The subjects are the fixture `device`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from benchmarks.devices.sshd import wait_for
from edgeopt.harness.answering import answer, open_session
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.probing import probe

NAMES = [
    "plain.onnx",
    "with space",
    'it\'s "quoted"',
    "a;touch x",
    "$(id) `id` *",
    "模型.bin",
    "-n",
]


def runners(folder: str) -> list[int]:
    """Processes of runners that work in this folder or below it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            if b"edgeopt.runner" in words and os.readlink(path.parent / "cwd") == folder:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_file_comes_back_as_it_went(device, tmp_path, name):
    (tmp_path / name).write_bytes(os.urandom(100_000))
    remote = device.put(tmp_path / name)
    assert Path(remote).name == name
    device.get(remote, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / name).read_bytes()


def test_a_folder_keeps_its_names(device, tmp_path):
    folder = tmp_path / 'model; of "mine"'
    (folder / "deep er").mkdir(parents=True)
    (folder / "m.xml").write_text("<xml/>")
    (folder / "deep er" / "m.bin").write_bytes(b"")
    remote = device.put(folder)
    for name, content in (("m.xml", b"<xml/>"), ("deep er/m.bin", b"")):
        device.get(f"{remote}/{name}", tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == content


def test_what_changed_is_another_content(device, tmp_path):
    file = tmp_path / "model.bin"
    for content in (b"first", b"second", b"first"):
        file.write_bytes(content)
        device.get(device.put(file), tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == content


@pytest.mark.slow
def test_only_scratch_files_are_removed(device, tmp_path, log, line, feed):
    with Client(device, log) as client:
        open_session(client, device, line, 60)
        files = [device.put(path) for path in feed.files(line.inputs)]
        out = f"{device.folder()}/y.npy"
        client.request("infer", 30, inputs=files, outputs=[out], first=0, count=1)
    device.get(out, tmp_path / "y.npy")
    device.remove([out])
    device.remove([out])
    with pytest.raises((OSError, RunnerFailed), match="No such file"):
        device.get(out, tmp_path / "y.npy")


def test_a_runner_answers_there(device, log, line, feed):
    answers, facts = answer(device, line, feed, {"y": (1, 3)}, log, 60)
    x = np.arange(30, dtype=np.float32).reshape(10, 1, 3)
    assert np.array_equal(answers["y"], 2 * x + 1)
    assert facts.providers == ["CPUExecutionProvider"]
    assert list(Path(device.folder()).iterdir()) == []


def test_what_a_runner_says_is_in_the_log(device, log):
    with Client(device, log) as client, pytest.raises(RunnerFailed, match="unknown command"):
        client.request("dance", 30)
    assert "Traceback" in log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "words"),
    [(signal.SIGILL, "illegal instruction"), (signal.SIGKILL, r"was killed \(SIGKILL\)")],
)
def test_the_way_a_runner_ends_is_told(device, log, number, words):
    with Client(device, log) as client:
        client.request("hello", 30)
        pids = [client._process.pid] if device.name == "local" else runners(device.folder())
        os.kill(pids[-1], number)
        with pytest.raises(RunnerFailed, match=f"in `hello` .*{words}") as caught:
            client.request("hello", 30)
    assert not caught.value.timed_out
    assert device.lost == ""


@pytest.mark.slow
def test_it_says_what_it_is(device, log):
    found = probe(device, ["onnxruntime", "litert"], log)
    assert set(found.runtimes) == {"onnxruntime", "litert"}
    assert found.missing == {}
    assert found.numpy == np.__version__
    assert found.bits == 64
    assert found.disk_free_bytes > 0
    assert abs(found.clock_off_s) < 5
    assert found.machine["python"]


@pytest.mark.slow
def test_closing_removes_what_was_left_there(device, log):
    with Client(device, log) as client:
        client.request("hello", 30)
        folder = Path(device.folder())
        (folder / "left.npy").write_bytes(b"left")
        device.close()
        wait_for(lambda: not folder.exists())
    wait_for(lambda: runners(str(folder)) == [])
    device.close()
    with Client(device, log) as client:
        assert client.request("hello", 30)
