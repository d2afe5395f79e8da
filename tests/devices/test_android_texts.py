"""What phones print, by version of Android (tests/devices/android, see its README)."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeopt.devices import android, phone
from edgeopt.devices.account import Health, Machine, PhoneMachine, Screen, completed
from edgeopt.devices.adb_link import Done
from edgeopt.harness.preflight import check_machine

DATA = Path(__file__).with_name("android")


def text(name: str) -> str:
    return (DATA / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "status", "zones"),
    [
        ("thermal-10-not-heat", 2, {"TYPE_CPU": (64.0, None), "TYPE_SKIN": (41.3, None)}),
        ("thermal-11-thresholds", 0, {"cpu-1-3": (46.1, None), "skin": (33.6, 39.0)}),
        (
            "thermal-12-samsung-a52",
            0,
            {"AP": (25.6, None), "BAT": (23.8, None), "LRF": (24.7, None), "USB": (0.0, None)},
        ),
        (
            "thermal-15-aidl",
            0,
            {"BIG": (38.2, None), "VIRTUAL-SKIN": (30.4, 39.0), "TPU": (36.7, None)},
        ),
        ("thermal-no-hal", 0, {}),
    ],
)
def test_heat(name, status, zones):
    """The sensors of now, not the values cached for listeners; volts and amperes are no heat."""
    found = android.thermal(text(name))
    assert found[0] == status
    assert {z.name: (z.temperature_c, z.passive_c) for z in found[1]} == zones


@pytest.mark.parametrize(
    ("name", "percent", "celsius", "state", "plugged"),
    [
        ("battery-10", 100, 27.4, "Full", ["USB"]),
        ("battery-14-samsung", 24, 41.7, "Charging", ["AC"]),
        ("battery-15", 67, 33.7, "Discharging", []),
    ],
)
def test_battery(name, percent, celsius, state, plugged):
    found = android.battery(text(name))
    assert (found.capacity_percent, found.temperature_c) == (percent, celsius)
    assert (found.status, found.plugged) == (state, plugged)


def test_screen():
    assert android.screen(text("power-11")) == Screen(on=True, stays_on=True)
    assert android.screen(text("power-15")) == Screen(on=False, stays_on=False)


@pytest.mark.parametrize("reader", [android.thermal, android.battery, android.screen])
@pytest.mark.parametrize("said", ["", "Can't find service: thermalservice", "\x00"])
def test_what_is_none_of_it_is_quoted(reader, said):
    with pytest.raises(android.Unreadable, match="dumpsys"):
        reader(said)


def test_properties():
    told = android.properties(
        "[ro.product.manufacturer]: [Google]\n[ro.product.model]: [Pixel 8]\n"
        "[ro.soc.model]: [Tensor G3]\n[two.lines]: [a\nb]\n[ro.build.version.release]: [15]\n"
    )
    assert told["two.lines"] == "a\nb"
    found = android.account(told)
    assert found == PhoneMachine(
        board="Google Pixel 8 (Tensor G3)", distribution="Android 15", firmware=None
    )


@pytest.mark.parametrize(
    ("clocks", "cores", "mask"),
    [
        ([1704] * 4 + [2367] * 4 + [2914], [4, 5, 6, 7, 8], "1f0"),
        ([1803] * 4 + [2253] * 2 + [2802] * 2, [4, 5, 6, 7], "f0"),
        ([2000] * 8, list(range(8)), "ff"),
        ([], [], "0"),
    ],
)
def test_big_cores_are_all_but_the_slowest(clocks, cores, mask):
    listed = "".join(f"cpu{i} {mhz}000\n" for i, mhz in enumerate(clocks))
    assert android.big_cores(listed) == cores
    assert android.mask(cores) == mask


PHONE = Machine(
    arch="aarch64", cpu_model=None, cores=8, features=[], board=None, python="3", memory_bytes=None
)


def readings(**texts: str) -> Health:
    """A phone's `health`, merged with that of a runner that may read nothing of it."""

    def run(command):
        name = texts.get(command[-1])
        return Done(0, text(name), "") if name else Done(1, "", "Can't find service")

    runner = Health(t_ns=1, why_null={"thermal_zones": "no permission"})
    return completed(runner, phone.health(run, True))


def test_the_doctor_judges_what_a_phone_says():
    hot = {"thermalservice": "thermal-10-not-heat", "battery": "battery-14-samsung"}
    found = {f.check: f for f in check_machine(PHONE, readings(**hot, power="power-15"))}
    assert found["throttling"].state == "failed"
    assert "thermal status 2" in found["throttling"].found
    assert (found["battery"].state, found["screen"].state) == ("failed", "warning")
    cool = {"thermalservice": "thermal-15-aidl", "battery": "battery-10", "power": "power-11"}
    found = {f.check: f for f in check_machine(PHONE, readings(**cool))}
    assert [found[name].state for name in ("throttling", "battery", "screen")] == ["ok"] * 3
    assert "38 °C (BIG)" in found["temperature"].found


def test_what_a_phone_does_not_say_has_its_reason():
    found = readings(battery="battery-10")
    assert found.thermal_status is found.thermal_zones is None
    assert "Can't find service" in found.why_null["thermal_status"]
    assert "Can't find service" in found.why_null["screen"]
    assert "power_supplies" not in found.why_null
