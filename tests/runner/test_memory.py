"""What the real runner says of its own memory, and of opening a model in steps."""

from __future__ import annotations

import pytest

from edgeopt.devices.local import Local
from edgeopt.harness.client import Client
from tests.runner.own_runtime import With

MB = 1 << 20


@pytest.fixture
def client(tmp_path):
    with Client(With("growing"), tmp_path / "runner.log") as opened:
        yield opened


@pytest.mark.slow
def test_importing_is_apart_and_its_peak_is_not_the_models(client):
    """Importing takes 120 MB for a moment, the model 60 MB for a moment and 20 MB for good."""
    imported = client.request("import", 30, runtime="growing")
    assert imported.version == "1.0"
    assert imported.import_ns > 0
    opened = client.request("open", 30, runtime="growing", path="-", threads=1, options={})
    before = opened.rss_before_bytes
    assert before == pytest.approx(imported.rss_bytes, abs=4 * MB)
    assert opened.peak_rss_bytes - before == pytest.approx(60 * MB, abs=4 * MB)


@pytest.mark.slow
def test_opening_works_without_an_import_before_it(client):
    opened = client.request("open", 30, runtime="growing", path="-", threads=1, options={})
    gained = opened.peak_rss_bytes - opened.rss_before_bytes
    assert gained == pytest.approx(60 * MB, abs=4 * MB)


@pytest.mark.slow
def test_a_large_host_does_not_show_in_its_runners_memory(tmp_path):
    ballast = bytearray(b"x") * (256 * MB)
    with Client(Local(), tmp_path / "runner.log") as client:
        reply = client.request("import", 30, runtime="onnxruntime")
    assert len(ballast) > 2 * reply.rss_bytes


@pytest.mark.slow
def test_steps_that_a_runtime_does_not_tell_apart_are_null_with_the_reason(client):
    opened = client.request("open", 30, runtime="growing", path="-", threads=1, options={})
    assert opened.load_ns > 0
    assert opened.compile_ns is None
    assert "one step" in opened.why_null["compile_ns"]
