"""The real runner's readings of this machine, over the protocol."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import asdict

from edgeopt.devices.local import Local
from edgeopt.harness.budget import QUICK
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.energy_figures import energy
from edgeopt.harness.gates import run_gates
from edgeopt.harness.timed import Block, Launch, Measurement, Timed
from edgeopt.runner import machine
from edgeopt.runner.health import ACCOUNT

ROOT = Path(__file__).parents[2]
#: A runtime whose session waits, or keeps a thread busy after each run as spinning pools do.
RUNTIME = """
import sys, threading, time, types
from edgeopt import runtimes
from edgeopt.runner.__main__ import main

class Measurement:
    inputs = outputs = []
    def __init__(self, path):
        self.spins = path == "spins"
    def run(self, arrays):
        if self.spins:
            threading.Thread(target=self._spin, daemon=True).start()
        return arrays
    def _spin(self):
        end = time.monotonic() + 10
        while time.monotonic() < end:
            pass

module = types.ModuleType("waiting")
module.version = lambda: "1.0"
module.open_session = lambda path, threads, options: Measurement(path)
sys.modules["waiting"] = module
runtimes.RUNTIMES["waiting"] = "waiting"
sys.exit(main())
"""


class Waiting(Local):
    """This machine, with a runner that knows the runtime above."""

    def start_runner(self, stderr: Path) -> subprocess.Popen:
        with stderr.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", RUNTIME],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,
            )


@pytest.fixture
def client(tmp_path):
    with Client(Waiting(), tmp_path / "runner.log") as opened:
        yield opened


def opening(client, tmp_path, path="waits"):
    np.save(tmp_path / "x.npy", np.zeros((2, 1), np.float32))
    opened = client.request("open", 30, runtime="waiting", path=path, threads=1, options={})
    client.request("inputs", 30, files=[str(tmp_path / "x.npy")], count=2)
    return opened


@pytest.mark.slow
def test_hello_and_health_are_complete(client):
    hello = client.request("hello", 30)
    assert asdict(hello.machine).keys() == {*machine.ACCOUNT, "why_null"}
    health = client.request("health", 30, seconds=0.1).health
    assert asdict(health).keys() > ACCOUNT.keys()
    assert health.watched_s == 0.1
    assert 0 <= health.idle_share <= 1
    with pytest.raises(RunnerFailed, match="seconds must be 0 or more"):
        client.request("health", 30, seconds=-1)


def test_readings_around_a_block_are_values_or_have_a_reason(client, tmp_path):
    why = client.request("hello", 30).why_null
    opening(client, tmp_path)
    block = client.request("block", 30, count=3)
    before, after = block.before, block.after
    assert {name for name, value in asdict(before).items() if value is None} <= why.keys()
    assert before.cpu_ns < after.cpu_ns
    assert before.idle_ns == after.idle_ns > 0
    assert before.total_ticks <= after.total_ticks


@pytest.mark.slow
@pytest.mark.parametrize("path", ["waits", "spins"])
def test_a_session_that_spins_while_it_waits_shows(client, tmp_path, path):
    opened = opening(client, tmp_path, path)
    replies = [client.request("block", 30, count=1)]
    for _ in range(2):
        time.sleep(0.3)
        replies.append(client.request("block", 30, count=1))
    blocks = [Block(round=i, position=0, **asdict(reply)) for i, reply in enumerate(replies)]
    timed = Timed("x", path, [Launch(opened.loaded, 1, [1], None, blocks=blocks)])
    session = Measurement(QUICK, 0, {"x": timed}, "x", None)
    found = next(f for f in run_gates(session) if f.check == "waiting")
    assert found.state == {"waits": "ok", "spins": "warning"}[path], found.found


def test_energy_is_metered_or_says_why_not(client, tmp_path):
    opening(client, tmp_path)
    reply = client.request("energy", 30, seconds=0.3)
    found = energy([reply])
    assert (found.gross_mj is None) == ("gross_mj" in found.why_null)
    assert found.gross_mj is None or found.gross_mj > 0
    if not reply.meters:
        assert reply.why_null.keys() == {"powercap", "pmic", "ina3221", "nvml"}


def test_energy_needs_a_session(client):
    with pytest.raises(RunnerFailed, match="no session is open"):
        client.request("energy", 30, seconds=0.1)
