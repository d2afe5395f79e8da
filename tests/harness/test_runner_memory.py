"""What the real runner says of its own memory, and of opening a model in steps."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgeopt.devices.local import Local
from edgeopt.harness.client import Client

ROOT = Path(__file__).parents[2]
MB = 1 << 20

GROWING = """
import json, sys
sys.path.insert(0, sys.argv[1])
from edgeopt import runtimes
from edgeopt.runner.__main__ import main
runtimes.RUNTIMES["growing"] = "growing_runtime"
sys.exit(main())
"""


class Growing(Local):
    """This machine with a runtime that takes memory as its file says."""

    def start_runner(self, stderr: Path) -> subprocess.Popen:
        here = str(Path(__file__).parent)
        return subprocess.Popen(
            [sys.executable, "-c", GROWING, here],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={"PYTHONPATH": str(ROOT)}, start_new_session=True,
        )  # fmt: skip


@pytest.fixture
def client(tmp_path):
    with Client(Growing(), tmp_path / "runner.log") as opened:
        yield opened


def test_importing_is_apart_and_its_peak_is_not_the_models(client):
    """Importing takes 120 MB for a moment, the model 60 MB for a moment and 20 MB for good."""
    imported = client.request("import", 30, runtime="growing")
    assert imported["version"] == "1.0"
    assert imported["import_ns"] > 0
    opened = client.request("open", 30, runtime="growing", path="-", threads=1, options={})
    before = opened["rss_before_bytes"]
    assert before == pytest.approx(imported["rss_bytes"], abs=4 * MB)
    assert opened["peak_rss_bytes"] - before == pytest.approx(60 * MB, abs=4 * MB)


def test_opening_works_without_an_import_before_it(client):
    opened = client.request("open", 30, runtime="growing", path="-", threads=1, options={})
    gained = opened["peak_rss_bytes"] - opened["rss_before_bytes"]
    assert gained == pytest.approx(60 * MB, abs=4 * MB)


def test_a_large_host_does_not_show_in_its_runners_memory(tmp_path):
    ballast = bytearray(b"x") * (256 * MB)
    with Client(Local(), tmp_path / "runner.log") as client:
        reply = client.request("import", 30, runtime="onnxruntime")
    assert len(ballast) > 2 * reply["rss_bytes"]


def test_steps_that_a_runtime_does_not_tell_apart_are_null_with_the_reason(client):
    opened = client.request("open", 30, runtime="growing", path="-", threads=1, options={})
    assert opened["load_ns"] > 0
    assert opened["compile_ns"] is None
    assert "one step" in opened["why_null"]["compile_ns"]
