"""A runner that lies, stalls or floods: its device ends with one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.devices import liar
from benchmarks.devices.lies import LIES
from edgeopt import faults
from edgeopt.devices.answers import Malformed, decode
from edgeopt.devices.registry import LOCAL
from edgeopt.domain.errors import DeviceFailed
from edgeopt.harness import readings
from edgeopt.harness.answering import open_session
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.protocol import REPLIES
from edgeopt.jobs.log import MOST_BYTES
from edgeopt.jobs.process import Process
from tests.harness.standin import RUNNER, Standin
from tests.lies import one_of_each_request
from tests.peaks import rises_less_than

TOLD = [lie for lie in LIES if lie.who == "runner"]
SLOW = ("nothing", "now and then")
PATIENCE_S = 0.4
MOST_MIB = 300


class Lying(Standin):
    """The stand-in, with a liar before each of its runners."""

    def __init__(self, folder: Path, lie: str) -> None:
        super().__init__(folder)
        self._lie = lie

    def start_runner(self, stderr: Path) -> subprocess.Popen:
        return Process(
            [sys.executable, liar.__file__, self._lie, "--",
             sys.executable, "-I", str(RUNNER), str(self._clock)],
            stderr,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )  # fmt: skip


def session(device: Standin, log: Path, lie) -> dict:
    """What a run asks of a runner, and of another one that watches."""
    short = PATIENCE_S if any(words in lie.name for words in SLOW) else 30
    subject, feed = device.subject("a"), device.feed()
    with Client(device, log) as client:
        machine = readings.machine(device, client, short if lie.at == "hello" else 30)
        readings.health(device, client, 30, 0.0)
        client.request("canary", 30)
        client.request("import", 30, runtime="scripted")
        files = [device.put(path) for path in feed.files(subject.inputs)]
        client.request("inputs", 30, files=files, count=8)
        open_session(client, device, subject, 30)
        client.request("facts", 30)
        client.request("warmup", 30, runs=5, seconds=0.0)
        client.request("block", 30, count=8)
        client.request("block", 30, count=8)
        if lie.at == "infer":
            client.request("infer", 30, inputs=[], outputs=[], first=0, count=1)
            client.request("infer", 30, inputs=files, outputs=[f"{log}.npy"], first=0, count=1)
    return machine


class Here(Lying):
    """The same as this machine's own runner: no board is involved."""

    name = link = LOCAL


#: Too slow is too slow, and dead is dead, also here.
QUIET = (*SLOW, "then the end")
OWN = [lie for lie in TOLD if lie.ends and not any(words in lie.name for words in QUIET)]


@pytest.mark.slow
@pytest.mark.parametrize("lie", OWN[::8], ids=lambda lie: lie.name)
def test_on_this_machine_it_is_edgeopts_own_fault(tmp_path, log, lie):
    device = Here(tmp_path, lie.name)
    with pytest.raises(RunnerFailed) as caught:
        session(device, log, lie)
    assert not isinstance(caught.value, DeviceFailed)
    assert caught.value.own
    assert device.lost == ""
    end = faults.told(caught.value, "edgeopt bench", "")
    assert end.exit_code == 70
    assert end.args[0].startswith("edgeopt itself failed: local ")
    assert "a mistake in edgeopt" in end.hint


@pytest.mark.slow
@pytest.mark.parametrize("lie", one_of_each_request(lie for lie in TOLD if lie.ends))
def test_a_runner_that_lies_ends_its_device(tmp_path, log, lie):
    device = Lying(tmp_path, lie.name)
    with rises_less_than(MOST_MIB), pytest.raises(DeviceFailed) as caught:
        session(device, log, lie)
    sentence = str(caught.value.args[0])
    assert sentence.isprintable()
    assert len(sentence) < 500
    assert "stand-in" in sentence
    assert device.lost == sentence


@pytest.mark.parametrize("lie", [lie for lie in TOLD if not lie.ends], ids=lambda lie: lie.name)
def test_what_is_odd_and_no_lie_is_taken(tmp_path, log, lie):
    device = Lying(tmp_path, lie.name)
    machine = session(device, log, lie)
    assert str(machine.board).isprintable()
    assert device.lost == ""
    assert log.stat().st_size <= MOST_BYTES


def test_what_a_session_may_leave_open():
    """Names of open dimensions (ONNX Runtime), and an output without known axes (ncnn)."""
    tensor = {"name": "x", "dtype": "float32"}
    told = {
        "version": "1", "load_ns": 1, "compile_ns": None, "why_null": {},
        "inputs": [{**tensor, "shape": ["batch", None, 3]}],
        "outputs": [{**tensor, "shape": None}],
    }  # fmt: skip
    opened = decode(json.dumps(told).encode(), REPLIES["open"])
    assert opened.inputs[0].shape == ["batch", None, 3]
    assert opened.outputs[0].shape is None
    told["inputs"][0]["shape"] = None
    with pytest.raises(Malformed, match=r"inputs\[0\].shape"):
        decode(json.dumps(told).encode(), REPLIES["open"])
