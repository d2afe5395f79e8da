"""The real runner under load: paced frames, streams, the page cache."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.harness.client import Client, RunnerFailed
from tests.runner.own_runtime import With

MS = 1_000_000


@pytest.fixture
def client(tmp_path):
    with Client(With("sleepy"), tmp_path / "runner.log") as opened:
        yield opened


@pytest.fixture
def ready(client, tmp_path):
    """Opens the runtime that sleeps for so many ms, with inputs 0, 3, 6, 9."""

    def make(ms: float, x: np.ndarray | None = None, **options):
        if x is None:
            x = np.arange(12, dtype=np.float32).reshape(4, 1, 3)
        np.save(tmp_path / "x.npy", x)
        opening = {"runtime": "sleepy", "path": str(ms), "threads": 1, "options": options}
        client.request("open", 30, **opening)
        client.request("inputs", 30, files=[str(tmp_path / "x.npy")], count=len(x))
        return client

    return make


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cmd", "fields"),
    [("paced", {"period_ns": MS, "count": 1}), ("streams", {"streams": 1, "seconds": 0.01})],
)
def test_they_need_a_session_and_inputs(client, cmd, fields):
    with pytest.raises(RunnerFailed, match="no session is open"):
        client.request(cmd, 30, **fields)
    opening = {"runtime": "sleepy", "path": "1", "threads": 1, "options": {}}
    client.request("open", 30, **opening)
    with pytest.raises(RunnerFailed, match="no inputs"):
        client.request(cmd, 30, **fields)


@pytest.mark.slow
def test_frames_begin_when_they_are_due(ready):
    reply = ready(1).request("paced", 30, period_ns=10 * MS, count=12)
    assert len(reply.begun_ns) == len(reply.t_ns) == 12
    late = np.array(reply.begun_ns) - np.arange(12) * 10 * MS
    assert (late >= 0).all(), "never before"
    assert np.median(late) < 1 * MS
    assert min(reply.t_ns) >= 1 * MS
    assert reply.before.t_ns < reply.after.t_ns


@pytest.mark.slow
def test_a_late_frame_begins_at_once(ready):
    reply = ready(10).request("paced", 30, period_ns=5 * MS, count=12)
    begun, took = np.array(reply.begun_ns), np.array(reply.t_ns)
    between = begun[1:] - (begun + took)[:-1]
    assert np.median(between) < 0.5 * MS
    assert begun[-1] > 2 * (11 * 5 * MS) * 0.95


@pytest.mark.slow
def test_every_stream_has_a_session_and_runs_on_its_own(ready):
    client = ready(5)
    reply = client.request("streams", 30, streams=3, seconds=0.2)
    assert len(reply.streams) == 3
    for stream in reply.streams:
        assert stream.elapsed_ns >= 0.2e9
        assert 2 <= len(stream.t_ns) <= 40
        assert sum(stream.t_ns) <= stream.elapsed_ns
    together = sum(len(stream.t_ns) for stream in reply.streams)
    assert together > 1.5 * 0.2 / 0.005 * 0.6, "sleeping streams do not wait for each other"
    assert client.request("facts", 30).facts.options["opened"] == 3
    client.request("streams", 30, streams=2, seconds=0.01)
    assert client.request("facts", 30).facts.options["opened"] == 3, "kept for the next slice"


def test_streams_take_the_inputs_in_turn(ready):
    client = ready(1)
    client.request("streams", 30, streams=1, seconds=0.05)
    options = client.request("facts", 30).facts.options
    assert options["first_inputs"].split()[:6] == ["0", "3", "6", "9", "0", "3"]


def test_a_stream_that_fails_is_an_error_and_not_the_end(ready):
    client = ready(1, np.full((1, 1, 3), np.nan, dtype=np.float32))
    with pytest.raises(RunnerFailed, match="ValueError: negative input"):
        client.request("streams", 30, streams=2, seconds=0.05)
    assert client.request("hello", 30)


@pytest.mark.slow
def test_sessions_that_do_not_fit_are_an_error(ready):
    client = ready(1, most=2)
    with pytest.raises(RunnerFailed, match="MemoryError: no room for another session"):
        client.request("streams", 30, streams=3, seconds=0.05)
    assert len(client.request("streams", 30, streams=2, seconds=0.05).streams) == 2


def test_the_page_cache_and_the_readings_need_no_session(client, tmp_path):
    file = tmp_path / "weights.bin"
    file.write_bytes(b"x" * 5000)
    filled = client.request("fill", 30, paths=[str(file)])
    assert (filled.bytes, filled.resident_bytes) == (5000, 5000)
    assert client.request("evict", 30, paths=[str(file)]).bytes == 5000
    with pytest.raises(RunnerFailed, match="FileNotFoundError"):
        client.request("evict", 30, paths=[str(tmp_path / "none")])
    assert client.request("readings", 30).readings.t_ns
