"""Slower readings before and after a schedule."""

from __future__ import annotations

import sys
import types

import pytest

from edgeopt.runner.health import ACCOUNT, health
from edgeopt.runner.heat import parse_throttled
from edgeopt.runner.root import Missing
from tests.runner.fake_tree import JETSON, LAPTOP, PI_4, PI_BITS, VM, vcgencmd


@pytest.fixture(autouse=True)
def no_library(monkeypatch):
    """nvidia-ml-py may be installed where the tests run."""
    monkeypatch.setitem(sys.modules, "pynvml", None)


@pytest.mark.parametrize("files", [PI_4, LAPTOP, VM, JETSON, {}], ids=str)
def test_whatever_is_null_has_its_reason(tree, files):
    told = health(tree.write(files), 0)
    empty = {name for name, value in told.items() if value is None}
    assert empty == told["why_null"].keys()
    assert told.keys() > ACCOUNT.keys()
    assert told["why_null"]["idle_share"] == "not watched"


@pytest.mark.parametrize(
    ("text", "bits"),
    [("throttled=0x0", 0), ("throttled=0x50005", 0x50005), ("80008", 0x80008), ("0", 0)],
)
def test_bits_of_both_sources(text, bits):
    assert parse_throttled(text) == bits


def test_bits_that_are_none():
    with pytest.raises(Missing, match="get_throttled said 'VCHI initialization failed'"):
        parse_throttled("VCHI initialization failed")


def test_a_weak_supply_now(tree):
    told = health(vcgencmd(tree.write(PI_4), "0x50005"), 0)
    assert told["throttled"] == {
        "source": "vcgencmd",
        "bits": 0x50005,
        "now": ["under-voltage", "throttled"],
        "since_boot": ["under-voltage", "throttled"],
    }
    assert told["firmware_clock_khz"] == 1_800_457


def test_bits_that_stick(tree):
    told = health(vcgencmd(tree.write(PI_4), "0xe0000"), 0)["throttled"]
    assert told["now"] == []
    assert told["since_boot"] == ["frequency capped", "throttled", "soft temperature limit"]


def test_without_the_program_sysfs_then_the_alarm(tree):
    tree.write({**PI_4, PI_BITS: "20002"})
    told = health(tree, 0)
    assert (told["throttled"]["source"], told["throttled"]["now"]) == (
        "sysfs",
        ["frequency capped"],
    )
    assert told["why_null"]["firmware_clock_khz"] == "no program vcgencmd"
    tree.program("vcgencmd", "echo 'VCHI initialization failed'; exit 255")
    assert health(tree, 0)["throttled"]["source"] == "sysfs"
    tree.deny(PI_BITS).write({"/sys/class/hwmon/hwmon1/in0_lcrit_alarm": 1})
    assert health(tree, 0)["throttled"] == {
        "source": "hwmon",
        "bits": None,
        "now": ["under-voltage"],
        "since_boot": None,
    }


def test_a_mouse_is_no_battery_of_the_machine(tree):
    supplies = health(tree.write(LAPTOP), 0)["power_supplies"]
    assert [one["name"] for one in supplies] == ["AC", "BAT0"]
    assert (supplies[1]["status"], supplies[1]["capacity_percent"]) == ("Discharging", 71)


def test_only_what_slows_is_a_brake(tree):
    brakes = health(tree.write(JETSON), 0)["brakes"]
    assert brakes == [{"name": "cpufreq-cpu0", "state": 2, "most": None}]


def test_what_happens_while_it_watches(tree):
    tree.write({**VM, "/proc/7/stat": "7 (a (b) c) R 1 1 1 0 -1 0 0 0 0 0 100 20 0 0 20"})

    def work(seconds):
        assert seconds == 2
        tree.write(
            {
                "/proc/stat": "cpu  150 0 150 9720 0 0 0 180 0 0",
                "/proc/vmstat": "pswpin 11\npswpout 320",
                "/proc/7/stat": "7 (a (b) c) R 1 1 1 0 -1 0 0 0 0 0 200 70 0 0 20",
            }
        )

    told = health(tree, 2, sleep=work)
    assert (told["watched_s"], told["idle_share"], told["steal_share"]) == (2, 0.1, 0.4)
    assert told["swapped_in_watch"] == 301
    assert told["busiest"] == [{"pid": 7, "name": "a (b) c", "cores": 0.75}]


def test_stops_by_a_quota_of_both_kinds_of_groups(tree):
    new = "/sys/fs/cgroup/user.slice/cpu.stat"
    tree.write({**VM, new: "usage_usec 9\nnr_periods 9\nnr_throttled 4\nthrottled_usec 5500"})
    assert health(tree, 0)["quota_stops"] == {"count": 4, "stopped_ms": 5.5}
    old = "/sys/fs/cgroup/cpu/cpu.stat"
    tree.write({"/proc/self/cgroup": "1:cpu:/x", old: "nr_throttled 2\nthrottled_time 3000000"})
    assert health(tree, 0)["quota_stops"] == {"count": 2, "stopped_ms": 3.0}


def test_a_gpu_by_nvidia_smi(tree):
    tree.write(VM).program(
        "nvidia-smi",
        """
        case "$1" in
          *clocks_event*) echo 'Field "clocks_event_reasons.active" is not a valid field'; exit 2 ;;
          --query-gpu*) echo "0, NVIDIA T4, GPU-1, 61, 68.20, 1590, 5000, P0, 0x0000000000000044"
                        echo "1, NVIDIA T4, GPU-2, 35, [N/A], 300, 405, P8, 0x0000000000000001" ;;
          *) echo "GPU-1, 4242, 1024" ;;
        esac
        """,
    )
    first, second = health(tree, 0)["gpus"]
    assert first == {
        "index": 0,
        "name": "NVIDIA T4",
        "temperature_c": 61.0,
        "power_w": 68.2,
        "clock_mhz": 1590.0,
        "memory_clock_mhz": 5000.0,
        "performance_state": "P0",
        "event_reasons": ["power cap", "thermal slowdown (hardware)"],
        "processes": [{"pid": 4242, "memory_bytes": 1 << 30}],
    }
    assert (second["power_w"], second["event_reasons"], second["processes"]) == (None, ["idle"], [])


def test_a_gpu_by_the_library(tree, monkeypatch):
    """The calls and names are those of nvidia-ml-py 13.615.71; an older driver knows fewer."""

    class NVMLError(Exception):
        pass

    def refuse(*_):
        raise NVMLError("Not Supported")

    process = types.SimpleNamespace(pid=7, usedGpuMemory=None)
    library = types.SimpleNamespace(
        NVMLError=NVMLError,
        NVML_TEMPERATURE_GPU=0,
        NVML_CLOCK_SM=1,
        NVML_CLOCK_MEM=2,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: f"gpu {index}",
        nvmlDeviceGetName=lambda gpu: b"NVIDIA H100",
        nvmlDeviceGetTemperature=lambda gpu, sensor: 40,
        nvmlDeviceGetPowerUsage=lambda gpu: 71_500,
        nvmlDeviceGetClockInfo=lambda gpu, kind: 1000 * kind,
        nvmlDeviceGetPerformanceState=lambda gpu: 0,
        nvmlDeviceGetCurrentClocksThrottleReasons=lambda gpu: 0x8,
        nvmlDeviceGetCurrentClocksEventReasons=refuse,
        nvmlDeviceGetComputeRunningProcesses=lambda gpu: [process],
        nvmlDeviceGetTotalEnergyConsumption=refuse,
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    told = health(tree.write(VM), 0)
    (gpu,) = told["gpus"]
    assert (gpu["name"], gpu["power_w"], gpu["event_reasons"]) == (
        "NVIDIA H100",
        71.5,
        ["hardware slowdown"],
    )
    assert gpu["processes"] == [{"pid": 7, "memory_bytes": None}]
    assert told["meters"] == ["nvml gpu 0"]
    monkeypatch.setattr(library, "nvmlInit", refuse)
    assert health(tree, 0)["why_null"]["gpus"] == "NVML: Not Supported; no program nvidia-smi"


def test_it_cannot_watch_backwards(tree):
    with pytest.raises(ValueError, match="seconds must be 0 or more, got -1"):
        health(tree, -1)
