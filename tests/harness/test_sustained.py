"""Load for minutes, on a scripted clock: throttling shows, rankings change, machines cool down."""

from __future__ import annotations

from array import array
from pathlib import Path

import pytest

from edgeopt.harness.replies import Readings
from edgeopt.harness.started import Setting
from edgeopt.harness.subject import Subject
from edgeopt.harness.sustained import NEAR_C, PAUSE_S, LoadBlock, SustainedTrial, measure_sustained
from edgeopt.harness.sustained_figures import figures, minutes, ranking
from tests.harness.standin import Script

THROTTLES = "20e6 if i < 6000 else 36e6"  # 20 ms for two minutes, then hot


@pytest.fixture
def under_load(device, log):
    """Puts scripts under load: under_load({"a": "20e6"}, 180) -> rows."""

    def run(scripts: dict[str, str | Script], seconds: float, wait=device.rest):
        made = {
            k: s if isinstance(s, Script) else Script(duration_ns=s) for k, s in scripts.items()
        }
        subjects = [device.subject(key, script) for key, script in made.items()]
        setting = Setting(device, device.feed(), log, 30.0)
        return [figures(trial) for trial in measure_sustained(setting, subjects, seconds, wait)]

    return run


@pytest.mark.slow
def test_throttling_shows_in_the_minutes_and_in_the_steady_figure(under_load):
    (row,) = under_load({"a": THROTTLES}, 300)
    assert [minute.minute for minute in row.minutes] == [0, 1, 2, 3, 4]
    assert [minute.p50_ms for minute in row.minutes] == [20, 20, 36, 36, 36]
    assert all(minute.p90_ms == minute.p50_ms for minute in row.minutes[3:])
    assert row.minutes[0].n == pytest.approx(3000, rel=0.02)
    assert (row.burst_p50_ms, row.steady_p50_ms, row.slowdown) == (20, 36, 1.8)
    assert row.duration_s == pytest.approx(300, abs=2)
    assert row.reason == ""


def test_what_has_no_sensor_is_null_with_the_reason(under_load):
    (row,) = under_load({"a": "50e6"}, 30)
    assert row.start_temperature_c is None
    assert "no temperature sensor" in row.why_null["start_temperature_c"]
    assert {"temperature_c", "clock_mhz"} <= row.why_null.keys()
    assert {minute.temperature_c for minute in row.minutes} == {None}


def test_the_temperature_goes_with_the_minutes(under_load, device):
    device.heats("40 + t / 60e9 * 10")
    (row,) = under_load({"a": "50e6"}, 180)
    assert row.start_temperature_c == pytest.approx(40, abs=0.5)
    assert [m.temperature_c for m in row.minutes] == [pytest.approx(t, abs=1) for t in (45, 55, 65)]
    assert "temperature_c" not in row.why_null


def test_a_few_slow_runs_have_no_p90(under_load):
    (row,) = under_load({"a": "2e9"}, 60)
    assert row.minutes[0].n < 64
    assert row.minutes[0].p90_ms is None


@pytest.mark.slow
def test_a_change_of_the_ranking_is_told(under_load):
    rows = under_load({"throttles": THROTTLES, "even": "30e6"}, 240)
    found = ranking(rows)
    assert (found.burst, found.steady) == ((0, 1), (1, 0))
    assert found.swapped == ((0, 1),)


def test_a_difference_below_the_margin_is_no_change(under_load):
    rows = under_load({"a": "20e6 if i < 500 else 20.3e6", "b": "20.2e6"}, 60)
    found = ranking(rows)
    assert found.burst != found.steady
    assert found.swapped == ()


def test_one_artifact_has_no_ranking(under_load):
    assert ranking(under_load({"a": "50e6"}, 30)) is None


def test_the_second_begins_when_the_machine_is_cool_again(under_load, device):
    """It heats while it is used and cools while it rests: here by the clock alone."""
    device.heats("40 if t < 25e9 or t > 100e9 else 60")
    waited = []

    def wait(seconds):
        waited.append(seconds)
        device.rest(seconds)

    rows = under_load({"a": "50e6", "b": "50e6"}, 30, wait)
    assert rows[0].cooled_s == 0
    assert rows[1].cooled_s == sum(waited) == pytest.approx(70, abs=5)
    assert rows[1].start_temperature_c <= rows[0].start_temperature_c + NEAR_C


def test_cooling_down_has_an_end(under_load, device):
    device.heats("40 + t / 1e9")
    rows = under_load({"a": "50e6", "b": "50e6"}, 30)
    assert rows[1].cooled_s == 300


def test_without_a_sensor_there_is_a_fixed_pause(under_load):
    waited = []
    rows = under_load({"a": "50e6", "b": "50e6"}, 30, waited.append)
    assert waited == [PAUSE_S]
    assert rows[1].cooled_s == PAUSE_S


def test_a_runner_that_dies_keeps_its_minutes_and_the_others_go_on(under_load):
    dying = Script(duration_ns="100e6", trouble="crash", at="block", number=100)
    row, other = under_load({"dying": dying, "b": "50e6"}, 120)
    assert "SIGSEGV" in row.reason
    assert [minute.minute for minute in row.minutes] == [0, 1]
    assert row.burst_p50_ms is None
    assert row.why_null["burst_p50_ms"] == row.reason
    assert other.reason == ""


def test_a_minute_in_which_no_block_began_is_left_out():
    blocks = [
        LoadBlock(array("q", [10**6]), round(s * 1e9), Readings(), Readings()) for s in (5, 150)
    ]
    assert [minute.minute for minute in minutes(blocks)] == [0, 2]


def told(before: dict, after: dict):
    """The row of one block with such readings, of two threads."""
    subject = Subject("a", "a", "scripted", Path("a"), 2, (), ())
    block = LoadBlock(array("q", [10**6] * 3), 0, Readings(**before), Readings(**after))
    return figures(SustainedTrial(subject, turns=[block]))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"throttle_count": 3}, {"throttle_count": 4}, "says that it throttled"),
        ({"throttled_bits": 0x50000}, {"throttled_bits": 0x50005}, "says that it throttled"),
        (
            {"steal_ticks": 5, "total_ticks": 100},
            {"steal_ticks": 15, "total_ticks": 200},
            "took 10% of its time",
        ),
    ],
)
def test_what_the_machine_says_of_itself_is_told(before, after, words):
    (note,) = told(before, after).notes
    assert words in note
    assert told(before, before).notes == ()


def test_other_work_on_the_machine_is_told():
    def row(load):
        return told({"load_1m": load}, {})

    assert row(2.4).notes == ()
    assert "load average 3.5" in row(3.5).notes[0]
    assert row(3.5).minutes[0].load_1m == 3.5
