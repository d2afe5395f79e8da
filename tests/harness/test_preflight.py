"""What is wrong with a machine: the readings of machines that are not at hand, judged."""

from __future__ import annotations

import sys

import pytest
from msgspec import convert
from msgspec.structs import replace

from edgeopt.devices.account import Gpu, Health, Machine
from edgeopt.domain.finding import spoiled
from edgeopt.harness import surroundings
from edgeopt.harness.preflight import check_machine
from edgeopt.runner.health import health
from edgeopt.runner.machine import machine
from tests.runner.fake_tree import JETSON, LAPTOP, PI_4, VM, vcgencmd


@pytest.fixture(autouse=True)
def no_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)


def machine_of(tree) -> Machine:
    return convert(machine(tree), Machine)


def health_of(tree, **changes) -> Health:
    return convert({**health(tree, 0), **changes}, Health)


def examine(tree, **changes):
    """{check: finding} of a tree, some of its health's readings changed."""
    return {f.check: f for f in check_machine(machine_of(tree), health_of(tree, **changes))}


def states(found):
    return {check: finding.state for check, finding in found.items()}


def test_a_healthy_pi(tree):
    found = examine(vcgencmd(tree.write(PI_4)), idle_share=0.99)
    assert not spoiled(found.values())
    assert states(found) == {
        "governor": "warning", "throttling": "ok", "supply": "ok", "temperature": "ok",
        "load": "ok", "memory": "ok", "clock": "ok",
    }  # fmt: skip
    assert found["temperature"].found == "48 °C (cpu-thermal)"
    assert found["governor"].advice == (
        "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
    )


def test_a_weak_supply_spoils(tree):
    found = examine(vcgencmd(tree.write(PI_4), "0x50005"))
    assert spoiled(found.values())
    assert (found["supply"].state, found["throttling"].state) == ("failed", "failed")
    assert found["throttling"].found == "now: throttled"
    assert "5 V 3 A" in found["supply"].advice


def test_what_only_sticks_is_a_warning(tree):
    found = examine(vcgencmd(tree.write(PI_4), "0x50000"))
    assert not spoiled(found.values())
    assert (found["supply"].state, found["throttling"].state) == ("warning", "warning")
    assert found["throttling"].found == "not now; since it was switched on: throttled"


def test_a_laptop_on_battery(tree):
    found = examine(tree.write(LAPTOP))
    assert not spoiled(found.values())
    assert (found["battery"].state, found["governor"].state) == ("warning", "warning")
    assert found["boost"].state == "ok"
    assert found["throttling"].found == "none now; 8 times since it was switched on"
    bat = "/sys/class/power_supply/BAT0"
    assert states(examine(tree.write({f"{bat}/status": "Charging"})))["battery"] == "ok"
    hot = examine(tree.write({f"{bat}/temp": 412}))["battery"]
    assert (hot.state, hot.found) == ("failed", "41 °C: above 40 °C systems slow down")
    low = examine(tree.write({f"{bat}/capacity": 12}))["battery"]
    assert (low.state, low.found) == ("failed", "12 % left: below 30 % systems save power")


def test_a_jetson_that_brakes(tree):
    found = examine(tree.write(JETSON))
    assert found["throttling"].state == "failed"
    assert found["throttling"].found == "now: cpufreq-cpu0 at step 2"
    assert found["temperature"].found == "96 °C (cpu-thermal), slowed from 99 °C on"
    assert found["temperature"].state == "warning"


def test_a_phone_that_is_hot(tree):
    """Android tells a thermal status; nothing else does."""
    assert examine(tree.write(VM), thermal_status=2)["throttling"].state == "failed"
    assert examine(tree, thermal_status=0)["throttling"].state == "ok"
    assert examine(tree)["throttling"].state == "unknown"


def test_a_virtual_machine(tree):
    found = examine(tree.write({**VM, "/.dockerenv": ""}), steal_share=0.2)
    assert not spoiled(found.values())
    assert found["enclosure"].found == "a virtual machine (qemu), in a container (docker)"
    assert (found["steal"].state, found["steal"].found) == ("warning", "20.0 % of the time now")
    assert found["governor"].state == "unknown"
    assert "cpufreq" in found["governor"].found
    assert examine(tree)["steal"].found == "1.0 % of the time since boot"


def test_a_clock_that_is_held_down(tree):
    tree.write({**PI_4, "/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq": 1500000})
    found = examine(tree)["clock limit"]
    assert found.found == "CPUs 0 1 2 3 may reach 1.50 GHz of their 1.80 GHz"
    assert found.advice.startswith("echo 1800000 | sudo tee")


def test_others_at_work(tree):
    busy = [{"pid": 7, "name": "ffmpeg", "cores": 1.5}]
    found = examine(tree.write(PI_4), idle_share=0.6, busiest=busy)["load"]
    assert (found.state, found.found) == (
        "warning",
        "40 % busy; cores used by: ffmpeg (pid 7) 1.5",
    )
    unwatched = examine(tree, load_1m=100.0)["load"]
    assert (unwatched.state, unwatched.found[:19]) == ("warning", "load average 100.00")


def test_memory_on_the_disk(tree):
    tree.write(PI_4)
    assert examine(tree, swap_used_bytes=5_000_000)["memory"].state == "ok"
    assert examine(tree, swap_used_bytes=5_000_000_000)["memory"].state == "warning"
    swapping = examine(tree, swapped_in_watch=400, watched_s=1.0)["memory"]
    assert (swapping.state, swapping.found) == ("failed", "swapping now: 400 pages in 1 s")


def test_a_limit_on_processor_time(tree):
    tree.write({**PI_4, "/sys/fs/cgroup/cpu.max": "50000 100000"})
    found = examine(tree)["quota"]
    assert found.state == "warning"
    assert found.found.startswith("0.5 cores' worth of time")


GPU = {
    **dict.fromkeys(Gpu.__struct_fields__), "index": 0, "name": "NVIDIA T4", "processes": [],
    "event_reasons": ["idle"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "measured", "state"),
    [
        ({}, "gpu", "ok"),
        ({"processes": [{"pid": 7, "memory_bytes": 1}]}, "gpu", "failed"),
        ({"processes": [{"pid": 7, "memory_bytes": 1}]}, None, "warning"),
        ({"event_reasons": ["thermal slowdown (hardware)"]}, "gpu", "failed"),
        ({"processes": None, "event_reasons": None}, "gpu", "ok"),
    ],
)
def test_others_on_the_accelerator(change, measured, state):
    found = surroundings.accelerator_users(
        convert({"t_ns": 0, "gpus": [{**GPU, **change}]}, Health), measured
    )
    assert found.state == state
    if change.get("processes"):
        assert found.advice == "End what is yours: kill 7"


def test_no_accelerator_is_nothing_to_tell_unless_it_is_measured(tree):
    told = health_of(tree.write(VM))
    assert surroundings.accelerator_users(told, None) is None
    assert surroundings.accelerator_users(told, "gpu").state == "unknown"


def test_a_clock_that_is_coarse_or_slow(tree):
    def judged(step, source):
        clock = replace(machine_of(tree), clock_resolution_ns=step, clock_source=source)
        return surroundings.clock(clock, health_of(tree)).state

    assert judged(50, "tsc") == "ok"
    for step, source in ((4000, "tsc"), (300, "hpet")):
        assert judged(step, source) == "warning"


def test_energy_that_needs_a_command(tree):
    tree.write(LAPTOP)
    assert surroundings.meters(health_of(tree)).found.startswith("can be metered by powercap pack")
    for zone in ("intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl-mmio:0"):
        tree.deny(f"/sys/class/powercap/{zone}/energy_uj")
    found = surroundings.meters(health_of(tree))
    assert found.state == "unknown"
    assert found.advice == "sudo chmod a+r /sys/class/powercap/*/energy_uj"


def test_a_command_that_a_board_says_is_no_advice(tree):
    told = replace(
        health_of(tree), meters=None, why_null={"meters": "denied; `sudo rm -r /` opens it"}
    )
    assert surroundings.meters(told).advice == ""


def test_a_machine_that_tells_nothing_is_not_spoiled(tree):
    found = check_machine(machine_of(tree), health_of(tree), accelerator="gpu")
    assert not spoiled(found)
    assert {f.check for f in found if f.state == "unknown"} == {
        "governor", "throttling", "temperature", "load", "memory", "accelerator",
    }  # fmt: skip
    assert all(f.found for f in found)
