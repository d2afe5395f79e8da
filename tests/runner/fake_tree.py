"""File trees of machines that are not at hand, with programs that print what theirs print."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from edgeopt.runner.root import Root


class Tree(Root):
    """A root below a folder. Denied files are denied to everybody, so also to root's tests."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._folder = folder
        self._denied: set[str] = set()

    def write(self, files: dict[str, object]) -> Tree:
        for path, text in files.items():
            file = Path(self.at(path))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n")
        return self

    def program(self, name: str, script: str) -> Tree:
        file = Path(self.at(f"/usr/bin/{name}"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{textwrap.dedent(script)}\n")
        file.chmod(0o755)
        return self

    def deny(self, path: str) -> Tree:
        self._denied.add(path)
        return self

    def _read(self, path: str, most: int) -> bytes:
        if path in self._denied:
            raise PermissionError(13, "Permission denied", path)
        return super()._read(path, most)


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "root")


def _below(folder: str, files: dict[str, object]) -> dict[str, object]:
    return {f"{folder}/{name}": text for name, text in files.items()}


def _policy(number: int, cpus: str, governor: str, khz: tuple[int, int, int]) -> dict[str, object]:
    low, now, high = khz
    return _below(
        f"/sys/devices/system/cpu/cpufreq/policy{number}",
        {
            "affected_cpus": cpus, "scaling_governor": governor, "scaling_driver": "a-driver",
            "scaling_min_freq": low, "scaling_cur_freq": now, "scaling_max_freq": high,
            "cpuinfo_max_freq": high,
        },
    )  # fmt: skip


def _core(number: int, part: str) -> str:
    return (
        f"processor\t: {number}\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm crc32 cpuid\n"
        f"CPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {part}\n"
        "CPU revision\t: 3\n"
    )


LINUX: dict[str, object] = {
    "/proc/loadavg": "0.10 0.20 0.30 1/200 999",
    "/proc/uptime": "4000.50 9000.10",
    "/proc/stat": "cpu  100 0 100 9800 0 0 0 0 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1",
    "/proc/vmstat": "nr_free_pages 100\npswpin 10\npswpout 20",
    "/proc/meminfo": "MemTotal: 4000000 kB\nMemAvailable: 3000000 kB\n"
    "SwapTotal: 100000 kB\nSwapFree: 100000 kB",
    "/proc/self/cgroup": "0::/user.slice/session-1.scope",
    "/etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"',
    "/etc/machine-id": "0123456789abcdef0123456789abcdef",
}

PI_4: dict[str, object] = {
    **LINUX,
    "/proc/cpuinfo": "\n".join(_core(i, "0xd08") for i in range(4))
    + "\nRevision\t: d03114\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4",
    "/proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "/proc/device-tree/chosen/bootloader/version": "9f1ad4c5\0",
    **_policy(0, "0 1 2 3", "ondemand", (600000, 1800000, 1800000)),
    "/sys/class/thermal/thermal_zone0/type": "cpu-thermal",
    "/sys/class/thermal/thermal_zone0/temp": 48312,
    "/sys/class/thermal/cooling_device0/type": "rpi-poe-fan",
    "/sys/class/thermal/cooling_device0/cur_state": 3,
    "/sys/class/hwmon/hwmon1/name": "rpi_volt",
    "/sys/class/hwmon/hwmon1/in0_lcrit_alarm": 0,
}
PI_BITS = "/sys/devices/platform/soc/soc:firmware/get_throttled"


def vcgencmd(tree: Tree, throttled: str = "0x0", clock: int = 1_800_457_088) -> Tree:
    """Raspberry Pi's own program, in the words of the real one."""
    return tree.program(
        "vcgencmd",
        f"""
        case "$*" in
          get_throttled) echo "throttled={throttled}" ;;
          "measure_clock arm") echo "frequency(48)={clock}" ;;
          pmic_read_adc) cat "$0.adc" 2>&- || echo 'error=1 error_msg="Command not registered"' ;;
        esac
        """,
    )


LAPTOP: dict[str, object] = {
    **LINUX,
    "/proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 154\n"
    "model name\t: 12th Gen Intel(R) Core(TM) i5-1240P\nstepping\t: 3\nmicrocode\t: 0x430\n"
    "flags\t\t: fpu avx2 avx_vnni",
    "/sys/class/dmi/id/sys_vendor": "LENOVO",
    "/sys/class/dmi/id/product_name": "21AA",
    "/sys/class/dmi/id/bios_version": "N3AET50W",
    "/sys/devices/cpu_core/cpus": "0-7",
    "/sys/devices/cpu_atom/cpus": "8-15",
    **_policy(0, "0", "powersave", (400000, 2400000, 4400000)),
    **_policy(10, "10", "powersave", (400000, 900000, 3300000)),
    "/sys/devices/system/cpu/cpufreq/policy0/energy_performance_preference": "balance_power",
    "/sys/devices/system/cpu/intel_pstate/no_turbo": 0,
    "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": 3,
    "/sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count": 5,
    "/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_total_time_ms": 4,
    "/sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_total_time_ms": 40,
    "/sys/devices/system/cpu/cpu0/topology/core_cpus_list": "0-1",
    "/sys/devices/system/cpu/cpu0/topology/package_cpus_list": "0-15",
    "/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": 3,
    "/sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count": 5,
    "/sys/devices/system/cpu/cpu1/topology/core_cpus_list": "0-1",
    "/sys/devices/system/cpu/cpu1/topology/package_cpus_list": "0-15",
    "/sys/class/thermal/thermal_zone0/type": "acpitz",
    "/sys/class/thermal/thermal_zone0/temp": 45000,
    "/sys/class/thermal/thermal_zone1/type": "x86_pkg_temp",
    "/sys/class/thermal/thermal_zone1/temp": 61000,
    "/sys/class/thermal/thermal_zone1/trip_point_0_type": "passive",
    "/sys/class/thermal/thermal_zone1/trip_point_0_temp": 95000,
    "/sys/class/thermal/cooling_device0/type": "Processor",
    "/sys/class/thermal/cooling_device0/cur_state": 0,
    "/sys/class/thermal/cooling_device0/max_state": 3,
    "/sys/class/power_supply/AC/type": "Mains",
    "/sys/class/power_supply/AC/online": 0,
    "/sys/class/power_supply/BAT0/type": "Battery",
    "/sys/class/power_supply/BAT0/status": "Discharging",
    "/sys/class/power_supply/BAT0/capacity": 71,
    "/sys/class/power_supply/hidpp_battery_0/type": "Battery",
    "/sys/class/power_supply/hidpp_battery_0/scope": "Device",
    "/sys/class/power_supply/hidpp_battery_0/capacity": 5,
    **_below(
        "/sys/class/powercap",
        {
            "intel-rapl:0/name": "package-0",
            "intel-rapl:0/energy_uj": 262_143_000_000,
            "intel-rapl:0/max_energy_range_uj": 262_143_328_850,
            "intel-rapl:0/constraint_0_name": "long_term",
            "intel-rapl:0/constraint_0_power_limit_uw": 28_000_000,
            "intel-rapl:0:0/name": "core",
            "intel-rapl:0:0/energy_uj": 5_000_000,
            "intel-rapl:0:0/max_energy_range_uj": 262_143_328_850,
            "intel-rapl:1/name": "psys",
            "intel-rapl:1/energy_uj": 9_000_000,
            "intel-rapl-mmio:0/name": "package-0",
            "intel-rapl-mmio:0/energy_uj": 77,
        },
    ),
}

VM: dict[str, object] = {
    **LINUX,
    "/proc/cpuinfo": "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel\t\t: 167\n"
    "model name\t: Intel(R) Xeon(R) Processor\nflags\t\t: fpu hypervisor avx2",
    "/proc/stat": "cpu  100 0 100 9700 0 0 0 100 0 0",
    "/sys/class/dmi/id/sys_vendor": "QEMU",
    "/sys/class/dmi/id/product_name": "Standard PC (Q35 + ICH9, 2009)",
}

JETSON: dict[str, object] = {
    **LINUX,
    "/proc/cpuinfo": "\n".join(_core(i, "0xd42") for i in range(6)),
    "/proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
    "/etc/nv_tegra_release": "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic",
    "/var/lib/nvpmodel/status": "pmode:0002",
    **_policy(0, "0 1 2 3", "schedutil", (115200, 1728000, 1728000)),
    **_policy(4, "4 5", "schedutil", (115200, 729600, 1728000)),
    "/sys/class/thermal/thermal_zone0/type": "cpu-thermal",
    "/sys/class/thermal/thermal_zone0/temp": 96500,
    "/sys/class/thermal/thermal_zone0/trip_point_0_type": "passive",
    "/sys/class/thermal/thermal_zone0/trip_point_0_temp": 99000,
    "/sys/class/thermal/cooling_device0/type": "cpufreq-cpu0",
    "/sys/class/thermal/cooling_device0/cur_state": 2,
    "/sys/class/thermal/cooling_device1/type": "pwm-fan",
    "/sys/class/thermal/cooling_device1/cur_state": 3,
    **_below(
        "/sys/class/hwmon/hwmon1",
        {
            "name": "ina3221",
            "in1_label": "VDD_IN", "in1_input": 5000, "curr1_input": 2000,
            "in2_label": "VDD_CPU_GPU_CV", "in2_input": 5000, "curr2_input": 800,
            "in3_label": "NC", "in3_input": 0, "curr3_input": 0,
        },
    ),
}  # fmt: skip
