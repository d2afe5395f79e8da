"""Clocks: the processor's, with what may change them, and the one that times."""

from __future__ import annotations

import time
from typing import Any, Dict, List

from edgeopt.runner.root import Missing, Root, optional

POLICIES = "/sys/devices/system/cpu/cpufreq"
NO_CPUFREQ = "no cpufreq: a virtual machine, or a kernel without it"
PSTATE = "/sys/devices/system/cpu/intel_pstate/no_turbo"
POWERCAP = "/sys/class/powercap"


def policies(root: Root) -> List[Dict[str, Any]]:
    """Cores that change their clock together. `clock_khz` is what the kernel believes.

    On a Raspberry Pi that is the clock asked for, also while it throttles
    (github.com/raspberrypi/linux/issues/2986).
    """
    found = []
    for name in policy_names(root):
        at = "{}/{}/".format(POLICIES, name)
        found.append(
            {
                "name": name,
                "cpus": optional(root.text, at + "affected_cpus"),
                "driver": optional(root.text, at + "scaling_driver"),
                "governor": optional(root.text, at + "scaling_governor"),
                "clock_khz": optional(root.integer, at + "scaling_cur_freq"),
                "min_khz": optional(root.integer, at + "scaling_min_freq"),
                "max_khz": optional(root.integer, at + "scaling_max_freq"),
                "hardware_max_khz": optional(root.integer, at + "cpuinfo_max_freq"),
                "energy_preference": optional(root.text, at + "energy_performance_preference"),
            }
        )
    return found


def policy_names(root: Root) -> List[str]:
    names = root.names(POLICIES, r"policy\d+$")
    if not names:
        raise Missing(NO_CPUFREQ)
    return names


def governor(root: Root) -> str:
    """Of the first cores; `policies` has all."""
    return root.text("{}/{}/scaling_governor".format(POLICIES, policy_names(root)[0]))


def boost(root: Root) -> bool:
    """Whether clocks above the nominal one are allowed."""
    turbo_off = optional(root.text, PSTATE)
    if turbo_off is not None:
        return turbo_off == "0"
    return root.text(POLICIES + "/boost", "no switch for it: neither no_turbo nor boost") == "1"


def power_limits(root: Root) -> List[Dict[str, Any]]:
    """What the processor may draw, in the long and the short run (PL1, PL2)."""
    found = []
    for zone in root.names(POWERCAP):
        at = "{}/{}/".format(POWERCAP, zone)
        for file in root.names(at, r"constraint_\d+_power_limit_uw$"):
            limit = optional(root.integer, at + file)
            if limit:
                name = optional(root.text, at + file.replace("power_limit_uw", "name"))
                of = optional(root.text, at + "name")
                found.append({"zone": of or zone, "constraint": name, "limit_w": limit / 1e6})
    if not found:
        raise Missing("no power limits in {}".format(POWERCAP))
    return found


def clock_source(root: Root) -> str:
    """What the kernel counts time by ("tsc", "arch_sys_counter", "hpet")."""
    return root.text("/sys/devices/system/clocksource/clocksource0/current_clocksource")


def clock_resolution_ns(root: Root) -> int:
    """The smallest step seen of the clock that times; what it claims is 1 ns everywhere."""
    clock, steps = time.perf_counter_ns, []
    for _ in range(200):
        start = now = clock()
        while now == start:
            now = clock()
        steps.append(now - start)
    return min(steps)
