"""What the machine says of itself. A reading that is not to be had is None, never 0."""

from __future__ import annotations

import os
import platform
import time


def _read(path: str):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return None


def _number(path: str, scale: float = 1.0):
    text = _read(path)
    try:
        return None if text is None else float(text) * scale
    except ValueError:
        return None


def snapshot() -> dict:
    """Cheap readings around a block."""
    return {
        "t_ns": time.perf_counter_ns(),
        "load_1m": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "steal_ticks": _steal_ticks(),
        "clock_khz": _number("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq"),
        "temperature_c": _number("/sys/class/thermal/thermal_zone0/temp", 0.001),
    }


def _steal_ticks():
    text = _read("/proc/stat")
    fields = text.split("\n", 1)[0].split() if text else []
    return int(fields[8]) if len(fields) > 8 else None


def cpu_features() -> list:
    """Instruction set flags as the kernel prints them ("flags" on x86, "Features" on ARM)."""
    for line in (_read("/proc/cpuinfo") or "").split("\n"):
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return sorted(value.split())
    return []


def cpu_model():
    for line in (_read("/proc/cpuinfo") or "").split("\n"):
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model", "Hardware"):
            return value.strip()
    return None


def memory_bytes():
    for line in (_read("/proc/meminfo") or "").split("\n"):
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    return None


def cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine() -> dict:
    """The machine a runner is on."""
    return {
        "arch": platform.machine(),
        "cpu_model": cpu_model(),
        "cores": cores(),
        "features": cpu_features(),
        "memory_bytes": memory_bytes(),
        "kernel": platform.release(),
        "os": platform.system(),
        "libc": "-".join(platform.libc_ver()),
        "python": platform.python_version(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "virtual_machine": "hypervisor" in cpu_features(),
        "board": (_read("/proc/device-tree/model") or "").strip("\x00") or None,
    }
