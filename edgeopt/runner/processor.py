"""The processor: what it is, what it can, and which of its cores this process may use."""

from __future__ import annotations

import os
from typing import Any, Dict, List

from edgeopt.runner.root import Missing, Root, optional

CPUINFO = "/proc/cpuinfo"
CPUS = "/sys/devices/system/cpu"


def lines(root: Root) -> List[List[str]]:
    """[key, value] of every line of /proc/cpuinfo."""
    pairs = [line.partition(":") for line in root.text(CPUINFO).split("\n")]
    return [[key.strip(), value.strip()] for key, _, value in pairs]


def _first(root: Root, *keys: str) -> str:
    for key, value in lines(root):
        if key in keys and value:
            return value
    raise Missing("no line {!r} in {}".format(keys[0], CPUINFO))


def model(root: Root) -> str:
    """On ARM the board's name, since the kernel prints no other."""
    return _first(root, "model name", "Model", "Hardware")


def features(root: Root) -> List[str]:
    """Instruction set flags as the kernel prints them ("flags" on x86, "Features" on ARM)."""
    return sorted(_first(root, "flags", "Features").split())


def microcode(root: Root) -> str:
    return _first(root, "microcode")


#: The lines that say which core it is: ARM's, then x86's.
PART_LINES = (
    {"CPU implementer": "implementer", "CPU part": "part", "CPU variant": "variant",
     "CPU revision": "revision"},
    {"vendor_id": "implementer", "cpu family": "family", "model": "part", "stepping": "revision"},
)  # fmt: skip


def parts(root: Root) -> List[Dict[str, Any]]:
    """The kinds of cores, each with how many there are.

    ARM: implementer and part as in its MIDR register ("0x41", "0xd0b" is a Cortex-A76);
    x86: vendor, family, model, stepping.
    """
    for wanted in PART_LINES:
        cores: List[Dict[str, str]] = []
        for key, value in lines(root):
            if key == "processor":
                cores.append({})
            elif key in wanted and cores:
                cores[-1][wanted[key]] = value
        kinds = [kind for kind in cores if "part" in kind]
        if kinds:
            unique = [kind for i, kind in enumerate(kinds) if kind not in kinds[:i]]
            return [{**kind, "count": kinds.count(kind)} for kind in unique]
    raise Missing("{} does not say which cores".format(CPUINFO))


def core_kinds(root: Root) -> Dict[str, str]:
    """Kind -> its CPUs, where not all are alike: Intel's P and E cores, ARM's capacities."""
    intel = {
        kind: optional(root.text, "/sys/devices/{}/cpus".format(kind))
        for kind in ("cpu_core", "cpu_atom")
    }
    if all(intel.values()):
        return intel
    found: Dict[str, List[str]] = {}
    for cpu in root.names(CPUS, r"cpu\d+$"):
        capacity = optional(root.text, "{}/{}/cpu_capacity".format(CPUS, cpu))
        if capacity:
            found.setdefault("capacity " + capacity, []).append(cpu[3:])
    if len(found) < 2:
        raise Missing("the kernel tells no kinds of cores apart")
    return {kind: ",".join(cpus) for kind, cpus in found.items()}


def smt(root: Root) -> str:
    """Two threads a core: "on", "off", "forceoff", "notsupported" or "notimplemented"."""
    return root.text(CPUS + "/smt/control")


def cores(root: Root) -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def affinity(root: Root) -> List[int]:
    if not hasattr(os, "sched_getaffinity"):
        raise Missing("this system has no sched_getaffinity")
    return sorted(os.sched_getaffinity(0))


def cores_online(root: Root) -> str:
    """As the kernel writes it: "0-3"."""
    return root.text(CPUS + "/online")
