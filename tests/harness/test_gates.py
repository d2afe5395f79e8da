"""What went wrong while a schedule ran, told from what it recorded."""

from __future__ import annotations

import pytest
from msgspec import convert, json

from edgeopt.devices.account import Health, Policy
from edgeopt.domain.finding import failures, spoiled
from edgeopt.harness.budget import STANDARD
from edgeopt.harness.gates import run_gates
from edgeopt.harness.replies import Canary, Loaded
from edgeopt.harness.timed import Block, Launch, Measurement, Timed

SECOND = 1_000_000_000


def reading(second: float, **others) -> dict:
    """As the runner gives them around a block."""
    quiet = {
        "t_ns": round((second + 1) * SECOND), "load_1m": 0.1, "steal_ticks": 0,
        "total_ticks": round(200 * second), "clock_khz": 1_800_000, "temperature_c": 50.0,
        "throttle_count": None, "throttled_bits": None, "major_faults": 3,
        "idle_ns": round(second * SECOND / 2), "idle_cpu_ns": 0, "cpu_ns": round(second * SECOND),
    }  # fmt: skip
    return {**quiet, **others}


def recorded(changes=lambda second: {}, health=(), canary=(), titles=("a", "b")) -> dict:
    """Two artifacts in turn for 20 s; `changes` to the readings at a second."""
    timed = {}
    for place, title in enumerate(titles):
        blocks = [
            {
                "round": i,
                "before": reading(2 * i + place, **changes(2 * i + place)),
                "after": reading(2 * i + place + 0.9, **changes(2 * i + place + 0.9)),
            }
            for i in range(10)
        ]
        timed[title] = {"title": title, "launches": [{"blocks": blocks}]}
    return {"timed": timed, "health": list(health), "canary": list(canary)}


def session(raw: dict) -> Measurement:
    """A schedule that recorded so much."""
    timed = {
        key: Timed(key, one["title"], [launch(blocks["blocks"]) for blocks in one["launches"]])
        for key, one in raw["timed"].items()
    }
    return Measurement(
        STANDARD, 0, timed, "a", None,
        canary=convert(raw["canary"], list[Canary]),
        health=convert(raw.get("health", []), list[Health]),
    )  # fmt: skip


def launch(blocks: list[dict]) -> Launch:
    loaded = Loaded(version="1", load_ns=1, compile_ns=None, why_null={})
    whole = [{"position": 0, "t_ns": [1], "start_ns": 0, **block} for block in blocks]
    return Launch(loaded, 1, [1], None, blocks=convert(whole, list[Block]))


def states(raw):
    return {finding.check: finding.state for finding in run_gates(session(raw))}


def finding(raw, check):
    return next(f for f in run_gates(session(raw)) if f.check == check)


def health(second, **others):
    return {"t_ns": round((second + 1) * SECOND), "policies": policies("ondemand"), **others}


def policies(governor):
    return [{**dict.fromkeys(Policy.__struct_fields__), "name": "policy0", "governor": governor}]


def steady(factor=lambda i: 1.0, count=30):
    return [
        {"arithmetic_ns": round(2_000_000 * factor(i)), "copy_ns": 3_000_000} for i in range(count)
    ]


def test_a_quiet_schedule_passes():
    raw = recorded(health=[health(-1), health(21)], canary=steady())
    assert set(states(raw).values()) == {"ok"}
    assert states(raw).keys() == {
        "governor",
        "steadiness",
        "steal",
        "memory",
        "temperature",
        "waiting",
        "load",
    }
    assert not spoiled(run_gates(session(raw)))


def test_what_was_not_recorded_is_not_judged():
    raw = recorded()
    for timed in raw["timed"].values():
        for block in timed["launches"][0]["blocks"]:
            block.update(before={}, after={})
    assert run_gates(session(raw)) == ()
    assert run_gates(session({"timed": {}, "canary": []})) == ()


def test_the_plain_data_of_a_schedule_is_judged_as_it_was():
    raw = recorded(health=[health(-1)], canary=steady())
    told = run_gates(session(raw))
    assert {"steadiness", "memory", "waiting"} <= {finding.check for finding in told}
    again = json.decode(json.encode(session(raw).raw()), type=Measurement)
    assert run_gates(again) == told


def test_bits_that_are_set_in_the_middle():
    raw = recorded(lambda second: {"throttled_bits": 0x4 if second > 9 else 0})
    found = finding(raw, "throttling")
    assert (found.state, found.found) == ("failed", "during the measurement: throttled")
    assert failures(run_gates(session(raw))) == ("throttling: during the measurement: throttled",)


def test_a_bit_that_stuck_between_two_readings():
    before = {"bits": 0x10000, "now": [], "since_boot": ["under-voltage"]}
    after = {"bits": 0x50000, "now": [], "since_boot": ["under-voltage", "throttled"]}
    raw = recorded(health=[health(-1, throttled=before), health(21, throttled=after)])
    assert finding(raw, "throttling").found == "during the measurement: throttled"
    raw = recorded(health=[health(-1, throttled=before), health(21, throttled=before)])
    assert finding(raw, "throttling").state == "ok"


def test_brakes_that_are_on():
    hot = [{"name": "cpufreq-cpu0", "state": 1, "most": None}]
    cool = [{"name": "cpufreq-cpu0", "state": 0, "most": None}]
    raw = recorded(health=[health(-1, brakes=cool), health(21, brakes=hot)])
    assert finding(raw, "throttling").found == "during the measurement: cpufreq-cpu0"
    raw = recorded(health=[health(-1, brakes=cool), health(21, brakes=cool)])
    assert finding(raw, "throttling").state == "ok"


@pytest.mark.parametrize(("spent", "state"), [(2000, "failed"), (100, "warning"), (None, "failed")])
def test_counters_that_went_on_matter_by_how_long(spent, state):
    raw = recorded(
        lambda second: {"throttle_count": 5 + (second > 9)},
        health=[health(-1, throttle_ms=10), health(21, throttle_ms=spent and 10 + spent)],
    )
    found = finding(raw, "throttling")
    assert found.state == state
    assert found.found.startswith("the processor slowed itself 1 times")


def test_a_governor_that_somebody_changed():
    changed = health(21, policies=policies("powersave"))
    found = finding(recorded(health=[health(-1), changed]), "governor")
    assert (found.state, found.found) == (
        "failed",
        "changed from ondemand to powersave in the middle",
    )


@pytest.mark.parametrize(
    ("factor", "state"),
    [
        (lambda i: 1 + 0.001 * i, "ok"),
        (lambda i: 1 + 0.002 * i, "warning"),
        (lambda i: 1.5 if i % 10 == 5 else 1.0, "warning"),
    ],
    ids=["2 % drift", "4 % drift", "outliers"],
)
def test_fixed_work_that_drifts_or_varies(factor, state):
    raw = recorded(canary=steady(factor))
    assert states(raw)["steadiness"] == state
    assert not spoiled(run_gates(session(raw))), "ratios hold"


def test_too_little_fixed_work_tells_nothing():
    assert "steadiness" not in states(recorded(canary=steady(lambda i: 1 + i, 5)))


def test_time_that_the_host_took():
    raw = recorded(lambda second: {"steal_ticks": round(20 * second)})
    found = finding(raw, "steal")
    assert (found.state, found.found) == ("warning", "10.0 % of the time")
    assert states(recorded(lambda second: {"steal_ticks": round(5 * second)}))["steal"] == "ok"


def test_pages_from_the_disk():
    def faults(second):
        return {"major_faults": 3 + (second % 1 > 0.5 and 3 < second < 4)}

    found = finding(recorded(faults), "memory")
    assert (found.state, found.found) == (
        "warning",
        "pages read from the disk in timed blocks: b: 1",
    )
    swapped = [health(t, swapped_pages={"in": 0, "out": n}) for t, n in ((-1, 100), (21, 900))]
    found = finding(recorded(faults, health=swapped), "memory")
    assert (found.state, found.found) == ("failed", "800 pages went to swap or back")


def test_it_got_warm():
    found = finding(recorded(lambda second: {"temperature_c": 40 + second}), "temperature")
    assert (found.state, found.found) == ("warning", "40 °C at first, 60 °C at most")
    mild = recorded(lambda second: {"temperature_c": 40 + second / 4})
    assert states(mild)["temperature"] == "ok"


def test_a_session_that_spins_is_named():
    raw = recorded()
    for block in raw["timed"]["b"]["launches"][0]["blocks"]:
        for end in ("before", "after"):
            block[end]["idle_cpu_ns"] = block[end]["idle_ns"] * 9 // 10
    found = finding(raw, "waiting")
    assert (found.state, found.found) == (
        "warning",
        "while others are timed, b: 90 % of a core",
    )
    assert "turn spinning off" in found.advice


def test_a_pool_that_looks_for_work_a_little_while_is_none():
    raw = recorded(lambda second: {"idle_cpu_ns": round(0.02 * second * SECOND)})
    assert states(raw)["waiting"] == "ok"


def test_blocks_that_share_their_core():
    raw = recorded(lambda second: {"cpu_ns": round(0.6 * second * SECOND)})
    found = finding(raw, "load")
    assert (found.state, found.found) == (
        "warning",
        "a ran in only 60 % of the time of its blocks",
    )
    both = recorded(lambda second: {"cpu_ns": round(2 * second * SECOND)})
    assert states(both)["load"] == "ok", "two threads"


def test_stops_by_a_quota():
    def stops(ms):
        return {"quota_stops": {"count": 3, "stopped_ms": ms}}

    raw = recorded(health=[health(-1, **stops(0)), health(21, **stops(2200))])
    found = finding(raw, "quota")
    assert found.state == "failed"
    assert found.found.startswith("stopped for 10.0 % of the time")
    assert "quota" not in states(recorded(health=[health(-1, **stops(9)), health(21, **stops(9))]))
