"""A whole run that meets another call, a full disk, a kill: cheap cousins of
`benchmarks.faults.interrupted`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.pipeline.cli_process import HERE, SHORTLY

TARGET = str(HERE / "one-runtime.toml")
pytestmark = pytest.mark.slow


class Call:
    """`edgeopt optimize` in a process of its own, with places of its own."""

    def __init__(self, model: Path, place: Path) -> None:
        self.model, self.out, self.temporary = model, place / "o" / "run", place / "t"
        for folder in (self.out.parent, self.temporary):
            folder.mkdir(exist_ok=True)

    def start(self, *more: str) -> subprocess.Popen[str]:
        words = [*SHORTLY, "optimize", "tiny.onnx"]
        words += ["--data", "tiny.npz", "--target", TARGET, "--quick", "--out", str(self.out)]
        environment = {**os.environ, "TMPDIR": str(self.temporary), "COLUMNS": "200"}
        environment.pop("EDGEOPT_SCRATCH", None)
        return subprocess.Popen(
            [*words, *more],
            cwd=self.model,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self, process: subprocess.Popen[str]) -> tuple[int, str]:
        out, err = process.communicate(timeout=300)
        return process.returncode, out + err

    def rows(self) -> list[tuple[str, str]]:
        lines = (self.out / "results.jsonl").read_text().splitlines()
        return sorted({(r["recipe_id"], r["status"]) for r in map(json.loads, lines)})

    def wait_for(self, process: subprocess.Popen[str], name: str) -> None:
        while not (self.out / name).exists() and process.poll() is None:
            time.sleep(0.02)


@pytest.fixture
def call(tiny_onnx, tmp_path):
    return Call(tiny_onnx, tmp_path)


def test_a_full_disk_then_a_second_call_then_a_kill(call, mount):
    """Each ends as itself; nothing is recorded of a candidate; then the same call goes through."""
    disk = mount(call.out.parent, "size=1100k")
    _full(call)
    subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
    _beside_another(call)
    code, said = call.ended(call.start())
    assert code == 0, said
    assert {status for _, status in call.rows()} == {"ok"}
    assert not list(call.out.glob(".*"))
    assert not list(call.temporary.iterdir())


def _full(call):
    code, said = call.ended(call.start())
    assert code == 2, said
    assert f"no room is left on the disk of {call.out.parent}" in said
    assert " free)." in said
    assert "Traceback" not in said
    if (call.out / "results.jsonl").exists():
        assert {status for _, status in call.rows()} <= {"ok"}


def _beside_another(call):
    """The other says who holds the folder; what is killed leaves nothing in the temporary one."""
    first = call.start()
    call.wait_for(first, ".lock")
    code, said = call.ended(call.start("--seed", "3"))
    assert code == 2
    assert f"{call.out} is being written by `" in said
    assert f"process {first.pid} on" in said
    assert "Traceback" not in said
    first.send_signal(signal.SIGTERM)
    assert call.ended(first)[0] == -signal.SIGTERM
    deadline = time.monotonic() + 10
    while list(call.temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(call.temporary.iterdir()) == []
