"""Streams side by side, on a scripted clock."""

from __future__ import annotations

import pytest

from edgeopt.harness.replies import Readings, Stream, Streams
from edgeopt.harness.started import Setting
from edgeopt.harness.throughput import SLICES, measure_throughput
from edgeopt.harness.throughput_figures import figures, rate
from tests.harness.standin import Script


@pytest.fixture
def driven(device, log):
    """Drives scripts with streams: driven({"a": "10e6"}, (1, 2)) -> rows."""

    def run(scripts: dict[str, str | Script], streams: tuple[int, ...], cores: int | None = 4):
        made = {
            k: s if isinstance(s, Script) else Script(duration_ns=s) for k, s in scripts.items()
        }
        subjects = [device.subject(key, script) for key, script in made.items()]
        setting = Setting(device, device.feed(), log, 30.0)
        return [figures(trial, cores) for trial in measure_throughput(setting, subjects, streams)]

    return run


def test_streams_are_counted_together_and_one_by_one(driven):
    one, three = driven({"a": "10e6"}, (1, 3))
    assert (one.streams, three.streams) == (1, 3)
    assert one.per_s == pytest.approx(100)
    assert three.per_s == pytest.approx(300)
    assert one.counts == (100 * SLICES,)
    assert three.counts == (100 * SLICES,) * 3
    assert one.p50_ms == three.p50_ms == 10


def test_streams_that_get_in_each_others_way(driven):
    """Two cores: from three streams on each is slower, and there is nothing to gain."""
    two, four = driven({"a": "10e6 * max(1, s / 2)"}, (2, 4))
    assert two.per_s == pytest.approx(four.per_s) == pytest.approx(200)
    assert four.p50_ms == 2 * two.p50_ms


def test_the_interval_is_of_the_slices(driven):
    (row,) = driven({"a": "10e6 * (1 + 0.2 * rng.random())"}, (1,))
    assert row.slices == SLICES
    assert row.per_s_low < row.per_s < row.per_s_high
    assert row.per_s_low > 100 / 1.2
    assert row.p90_ms <= 12


def test_the_first_inferences_are_left_out(driven):
    (row,) = driven({"a": "10e6 if i > 50 else 900e6"}, (1,))
    assert row.p50_ms == row.p90_ms == 10


def test_what_is_slow_gets_longer_slices(driven):
    (row,) = driven({"a": "3e9"}, (1,))
    assert row.per_s == pytest.approx(1 / 3)
    assert row.counts[0] >= 5 * SLICES
    assert row.p90_ms is None
    assert row.why_null["p90_ms"] == "below 64 runs"


def test_memory_is_that_of_all_sessions(driven):
    one, three = driven({"a": "10e6"}, (1, 3))
    assert three.peak_rss_bytes == 3 * one.peak_rss_bytes
    assert three.memory_bytes == three.peak_rss_bytes - 1


@pytest.mark.parametrize(("cores", "notes"), [(2, ("3 threads on 2 cores",)), (4, ()), (None, ())])
def test_more_threads_than_cores_are_told(driven, cores, notes):
    (row,) = driven({"a": "100e6"}, (3,), cores)
    assert row.notes == notes


def test_sessions_that_do_not_fit_are_a_reason(driven):
    """The second `open` of a board is where its memory ends."""
    bad = Script(duration_ns="10e6", trouble="error", at="streams", number=1)
    full, other = driven({"full": bad, "b": "10e6"}, (2,))
    assert full.reason.startswith("ValueError: scripted:")
    assert full.per_s is None
    assert full.why_null["per_s"] == full.reason
    assert other.per_s == pytest.approx(200)


def test_a_stream_counts_over_its_own_time():
    streams = [
        Stream(t_ns=[400_000_000] * 3, elapsed_ns=1_200_000_000),
        Stream(t_ns=[250_000_000] * 4, elapsed_ns=1_000_000_000),
    ]
    reply = Streams(streams=streams, peak_rss_bytes=None, before=Readings(), after=Readings())
    assert rate(reply) == pytest.approx(2.5 + 4)
