"""Energy on the device: meters found, counters and powers over time, on a scripted clock."""

from __future__ import annotations

import sys
import types

import pytest

from edgeopt.runner import meters
from edgeopt.runner.energy import Recording, counted, integrated, measure
from edgeopt.runner.root import Missing
from tests.runner.fake_tree import JETSON, LAPTOP, PI_4, VM, vcgencmd

RAPL = "/sys/class/powercap/intel-rapl:0"
ADC = """\
 3V7_WL_SW_A current(0)=0.00390372A
   3V3_SYS_A current(1)=0.10000000A
  VDD_CORE_A current(7)=2.00000000A
 3V7_WL_SW_V volt(8)=3.70000000V
   3V3_SYS_V volt(9)=3.30000000V
  VDD_CORE_V volt(15)=0.80000000V
     EXT5V_V volt(24)=5.10000000V
      BATT_V volt(25)=0.00000000V
"""


@pytest.fixture(autouse=True)
def no_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)


class Clock:
    """Stands still but for `run`."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns

    def run(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def by_name(tree):
    found, why = meters.find(tree)
    return {meter.name: meter for meter in found}, why


def test_counters_of_a_laptop(tree):
    found, why = by_name(tree.write(LAPTOP))
    assert {name: meter.scope for name, meter in found.items()} == {
        "package-0": "package",
        "package-0 core": "part",
        "psys": "platform",
    }
    package = found["package-0"]
    assert (package.counter, package.read()) == (True, 262_143.0), "not the one of -mmio"
    assert package.range_j == pytest.approx(262_143.32885)
    assert found["psys"].range_j is None
    assert why.keys() == {"pmic", "ina3221", "nvml"}


def test_a_counter_that_only_root_reads_says_how_to_open_it(tree):
    tree.write(LAPTOP)
    for zone in ("intel-rapl:0", "intel-rapl:0:0", "intel-rapl:1", "intel-rapl-mmio:0"):
        tree.deny(f"/sys/class/powercap/{zone}/energy_uj")
    assert meters.sealed(tree)
    found, why = by_name(tree)
    assert found == {}
    assert why["powercap"].startswith("permission denied: /sys/class/powercap/intel-rapl")
    assert why["powercap"].endswith(
        "`sudo chmod a+r /sys/class/powercap/*/energy_uj` opens it until the next boot"
    )
    with pytest.raises(Missing, match=r"powercap: permission denied.*; pmic: no program vcgencmd"):
        meters.names(tree)


def test_counters_that_are_open_or_not_there_are_not_sealed(tree):
    assert not meters.sealed(tree)
    tree.write(LAPTOP)
    assert not meters.sealed(tree)


def test_the_rails_of_a_pi_5(tree):
    watts = 0.00390372 * 3.7 + 0.1 * 3.3 + 2.0 * 0.8
    assert meters.pmic_watts(ADC) == pytest.approx(watts)
    vcgencmd(tree.write({**PI_4, "/usr/bin/vcgencmd.adc": ADC}))
    found, _ = by_name(tree)
    assert found["rails"].read() == pytest.approx(watts)
    assert (found["rails"].scope, found["rails"].counter) == ("board", False)


def test_a_pi_4_has_no_such_chip(tree):
    found, why = by_name(vcgencmd(tree.write(PI_4)))
    assert found == {}
    assert why["pmic"] == "`vcgencmd pmic_read_adc` names no rail with current and voltage"
    assert why["powercap"] == "no energy counter in /sys/class/powercap: a virtual machine?"


def test_the_channels_of_a_jetson(tree):
    found, _ = by_name(tree.write(JETSON))
    assert {name: (meter.scope, meter.read()) for name, meter in found.items()} == {
        "VDD_IN": ("board", pytest.approx(10.0)),
        "VDD_CPU_GPU_CV": ("part", pytest.approx(4.0)),
    }


@pytest.mark.parametrize("counts", [True, False])
def test_a_gpu_counts_or_tells_its_power(tree, monkeypatch, counts):
    class NVMLError(Exception):
        pass

    def energy(gpu):
        if not counts:
            raise NVMLError("Not Supported")
        return 5_000

    library = types.SimpleNamespace(
        NVMLError=NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetTotalEnergyConsumption=energy,
        nvmlDeviceGetPowerUsage=lambda gpu: 70_000,
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    (gpu,) = by_name(tree.write(VM))[0].values()
    assert (gpu.counter, gpu.read()) == ((True, 5.0) if counts else (False, 70.0))


# --- readings over time


def series(*values: float) -> list[tuple[int, float]]:
    return [(second * 1_000_000_000, value) for second, value in enumerate(values)]


def test_a_counter_that_starts_again_is_put_together():
    assert counted(series(10, 30, 5, 15), 100.0) == pytest.approx(20 + 75 + 10)
    assert counted(series(10, 30), None) == 20
    assert counted(series(10), None) == 0
    with pytest.raises(Missing, match="its range is not known"):
        counted(series(10, 30, 5), None)


def test_power_is_taken_to_change_evenly():
    assert integrated(series(2, 4, 4)) == pytest.approx(3 + 4)
    assert integrated([(0, 10.0), (500_000_000, 10.0)]) == pytest.approx(5)
    assert integrated(series(2)) == 0


def test_a_wrap_between_two_readings_of_a_file(tree):
    found, _ = by_name(tree.write(LAPTOP))
    package, clock = found["package-0"], Clock()
    recording = Recording([package], clock)
    for microjoules in (262_143_000_000, 262_143_300_000, 2_000_000):
        tree.write({f"{RAPL}/energy_uj": microjoules})
        recording.take()
        clock.run(0.2)
    assert recording.joules(package) == pytest.approx(0.3 + 0.02885 + 2.0)
    assert recording.span_s(package) == pytest.approx(0.4)


def test_each_meter_is_read_when_it_is_due(tree):
    found, _ = by_name(vcgencmd(tree.write({**JETSON, "/usr/bin/vcgencmd.adc": ADC})))
    fast, slow, clock = found["VDD_IN"], found["rails"], Clock()
    recording = Recording([fast, slow], clock)
    for _ in range(11):
        recording.take()
        clock.run(0.05)
    assert (recording.readings(fast), recording.readings(slow)) == (6, 3)


def test_a_counter_that_does_not_move_is_no_reading(tree):
    found, _ = by_name(tree.write(LAPTOP))
    core, clock = found["package-0 core"], Clock()
    recording = Recording([core], clock)
    recording.take()
    clock.run(2)
    recording.take()
    with pytest.raises(Missing, match=r"it did not move in 2\.0 s"):
        recording.joules(core)


def test_a_meter_that_is_lost_on_the_way_says_why(tree):
    found, _ = by_name(tree.write(LAPTOP))
    package, clock = found["package-0"], Clock()
    recording = Recording([package], clock)
    recording.take()
    clock.run(1)
    tree.deny(f"{RAPL}/energy_uj")
    recording.take()
    with pytest.raises(Missing, match="permission denied"):
        recording.joules(package)


def test_a_reading_that_fails_in_the_middle_does_no_harm(tree):
    found, _ = by_name(tree.write(LAPTOP))
    package, clock = found["package-0"], Clock()
    recording = Recording([package], clock)
    for text in (1_000_000, "", 3_000_000):
        tree.write({f"{RAPL}/energy_uj": text})
        recording.take()
        clock.run(1)
    assert recording.joules(package) == pytest.approx(2)


# --- rest, then runs


def test_runs_are_metered_after_as_long_a_rest(tree):
    """The machine draws 3 W at rest and 8 W while it runs; a run takes 0.1 s."""
    tree.write({**LAPTOP, f"{RAPL}/energy_uj": 0})
    clock, joules = Clock(), [0.0]

    def spend(watts: float, seconds: float) -> None:
        clock.run(seconds)
        joules[0] += watts * seconds
        tree.write({f"{RAPL}/energy_uj": round(joules[0] * 1e6)})

    told = measure(lambda: spend(8, 0.1), 2.0, tree, clock, lambda seconds: spend(3, seconds))
    assert (told["count"], told["seconds"]) == (20, pytest.approx(2.0))
    package = next(m for m in told["meters"] if m["name"] == "package-0")
    assert package["joules"] == pytest.approx(16)
    assert package["idle_joules"] == pytest.approx(6)
    assert (package["span_s"], package["idle_span_s"]) == (pytest.approx(2), pytest.approx(2))
    assert (package["scope"], package["why_null"]) == ("package", {})
    core = next(m for m in told["meters"] if m["name"] == "package-0 core")
    assert (core["joules"], core["why_null"]["joules"]) == (None, "it did not move in 2.0 s")
    assert told["why_null"].keys() == {"pmic", "ina3221", "nvml"}


def test_nothing_is_run_where_nothing_meters(tree):
    told = measure(lambda: pytest.fail("it ran"), 2.0, tree.write(VM))
    assert (told["count"], told["meters"]) == (0, [])
    assert told["why_null"].keys() == meters.METERS.keys()


def test_powers_are_sampled_beside_the_runs(tree):
    """In real time: some readings between the first and the last."""
    told = measure(lambda: sum(range(1000)), 0.4, tree.write(JETSON))
    board = next(m for m in told["meters"] if m["name"] == "VDD_IN")
    assert board["readings"] >= 4
    assert board["joules"] / board["span_s"] == pytest.approx(10)
