"""Frames at a rate of their own, on a scripted clock: waiting counts."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.harness.open_loop import SEGMENTS, measure_open_loop
from edgeopt.harness.open_loop_figures import figures, growth_fps, latencies
from edgeopt.harness.replies import Paced, Readings
from edgeopt.harness.started import Setting
from tests.harness.standin import Script


@pytest.fixture
def paced(device, log):
    """Gives scripts frames: paced({"a": "10e6"}, fps=50) -> rows."""

    def run(scripts: dict[str, str | Script], fps: float, **options):
        made = {
            k: s if isinstance(s, Script) else Script(duration_ns=s) for k, s in scripts.items()
        }
        subjects = [device.subject(key, script) for key, script in made.items()]
        setting = Setting(device, device.feed(), log, 30.0)
        return [figures(trial) for trial in measure_open_loop(setting, subjects, fps, **options)]

    return run


def test_what_keeps_up_takes_as_long_as_it_takes(paced):
    (row,) = paced({"a": "10e6"}, 50)
    assert row.fps_asked == row.fps_achieved == 50
    assert row.n >= 662
    assert (row.p50_ms, row.p90_ms, row.p99_ms, row.service_p50_ms) == (10, 10, 10, 10)
    assert (row.busy_p50_ms, row.pause_factor) == (10, 1)
    assert (row.late_share, row.queue_growth_fps, row.queue_frames) == (0, 0, 0)
    assert row.keeps_up


def test_what_is_slower_than_the_period_waits_longer_and_longer(paced):
    """25 ms of work every 20 ms: 40 of 50 frames a second are done, 10 a second pile up."""
    (row,) = paced({"a": "25e6"}, 50)
    assert row.service_p50_ms == 25
    assert row.fps_achieved == pytest.approx(40, rel=0.01)
    assert row.queue_growth_fps == pytest.approx(10, rel=0.01)
    assert not row.keeps_up
    frames = row.n / SEGMENTS
    assert row.queue_frames == pytest.approx(frames / 4, abs=1)
    assert row.p50_ms == pytest.approx(25 + frames / 2 * 5, rel=0.02)
    assert row.late_share == 1.0


def test_a_longer_run_of_the_same_is_later_still(paced):
    short, long = (paced({str(n): "25e6"}, 50, frames=n, seconds=0)[0] for n in (90, 900))
    assert long.p50_ms > 5 * short.p50_ms
    assert long.queue_growth_fps == pytest.approx(short.queue_growth_fps, rel=0.01)


def test_frames_behind_a_slow_one_are_late_too(paced):
    """One of a hundred takes ten periods: a loop that waits for itself would count one frame."""
    (row,) = paced({"a": "210e6 if i % 100 == 99 else 1e6"}, 50)
    assert row.service_p50_ms == 1
    assert row.late_share == pytest.approx(0.10, abs=0.02)
    assert row.p99_ms > 150
    assert row.keeps_up


def test_the_first_inference_is_before_the_first_frame(paced):
    (row,) = paced({"a": "900e6 if i == 0 else 1e6"}, 50)
    assert row.p99_ms == 1


def test_few_frames_have_no_tail(paced):
    (row,) = paced({"a": "1e6"}, 50, frames=30, seconds=0)
    assert row.n == 30
    assert (row.p90_ms, row.p99_ms) == (None, None)
    assert row.why_null == {"p90_ms": "below 64 frames", "p99_ms": "below 662 frames"}


def test_what_is_very_slow_gets_fewer_frames(paced):
    (row,) = paced({"a": "10e9"}, 50)
    assert row.n == SEGMENTS * 4


def test_segments_of_all_take_turns(paced, device, log):
    first, second = paced({"a": "5e6", "b": "10e6"}, 50)
    assert (first.p50_ms, second.p50_ms) == (5, 10)
    assert len(device.runners) == 2


def test_a_runner_that_dies_is_a_reason(paced):
    dying = Script(trouble="crash", at="paced", number=2)
    row, other = paced({"dying": dying, "b": "1e6"}, 50)
    assert "SIGSEGV" in row.reason
    assert row.p50_ms is None
    assert row.why_null["p50_ms"] == row.reason
    assert other.p50_ms == 1


def segment_of(begun_ns, t_ns=()):
    return Paced(begun_ns=begun_ns, t_ns=list(t_ns), before=Readings(), after=Readings())


def test_latency_counts_from_when_a_frame_was_due():
    segment = segment_of([0, 15, 20], [15, 5, 1])
    assert np.array_equal(latencies(segment, 10), [15, 10, 1])


def test_a_queue_that_drains_does_not_grow():
    assert growth_fps(segment_of([50, 51, 52, 53, 54, 55]), 10) == 0
    assert growth_fps(segment_of([0, 20]), 10) == 0
