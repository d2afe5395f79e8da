"""The system around the processor: board, firmware, memory, kernel, uptime."""

from __future__ import annotations

import hashlib
import platform
from typing import Any, Dict, Optional

from edgeopt.runner.root import Missing, Root, optional

DMI = "/sys/class/dmi/id/"
TREE = "/proc/device-tree/"


def arch(root: Root) -> str:
    return platform.machine()


def kernel(root: Root) -> str:
    return platform.release()


def os_name(root: Root) -> str:
    return platform.system()


def distribution(root: Root) -> str:
    for line in root.text("/etc/os-release").split("\n"):
        key, _, value = line.partition("=")
        if key == "PRETTY_NAME":
            return value.strip('"')
    raise Missing("/etc/os-release has no PRETTY_NAME")


def libc(root: Root) -> str:
    found = "-".join(platform.libc_ver())
    if found == "-":
        raise Missing("Python does not recognise the C library (musl?)")
    return found


def python(root: Root) -> str:
    return platform.python_version()


def board(root: Root) -> str:
    """The model, from the device tree or DMI."""
    tree = optional(root.text, TREE + "model")
    if tree:
        return tree
    names = [optional(root.text, DMI + name) for name in ("sys_vendor", "product_name")]
    found = " ".join(name for name in names if name)
    if not found:
        raise Missing("neither {}model nor {}product_name".format(TREE, DMI))
    return found


def firmware(root: Root) -> str:
    """BIOS, Raspberry Pi's bootloader, or Jetson's release."""
    bios = [optional(root.text, DMI + "bios_" + name) for name in ("vendor", "version", "date")]
    found = " ".join(part for part in bios if part)
    for path in (TREE + "chosen/bootloader/version", "/etc/nv_tegra_release"):
        found = found or (optional(root.text, path) or "").split("\n")[0]
    if not found:
        raise Missing("neither BIOS, bootloader nor Jetson release is told")
    return found


def power_mode(root: Root) -> str:
    """Jetson's nvpmodel ("pmode:0002")."""
    return root.text("/var/lib/nvpmodel/status", "no nvpmodel: not a Jetson")


def machine_id(root: Root) -> str:
    """12 hex digits that are the same whenever it is this machine, and tell nothing else."""
    own = root.text("/etc/machine-id")
    return hashlib.sha256(("edgeopt " + own).encode()).hexdigest()[:12]


def uptime_s(root: Root) -> float:
    return float(root.text("/proc/uptime").split()[0])


def load_1m(root: Root) -> float:
    """The kernel's load average: tasks that run or wait, over about a minute."""
    return float(root.text("/proc/loadavg").split()[0])


def memory_bytes(root: Root) -> int:
    return _meminfo(root, "MemTotal")


def memory_available_bytes(root: Root) -> int:
    return _meminfo(root, "MemAvailable")


def swap_bytes(root: Root) -> int:
    return _meminfo(root, "SwapTotal")


def swap_used_bytes(root: Root) -> int:
    return _meminfo(root, "SwapTotal") - _meminfo(root, "SwapFree")


def _meminfo(root: Root, wanted: str) -> int:
    for line in root.text("/proc/meminfo").split("\n"):
        key, _, value = line.partition(":")
        if key == wanted:
            return int(value.split()[0]) * 1024
    raise Missing("no {} in /proc/meminfo".format(wanted))


def swapped_pages(root: Root) -> Dict[str, int]:
    """Pages read from and written to swap since boot."""
    found = dict(line.split() for line in root.text("/proc/vmstat").split("\n"))
    if "pswpin" not in found:
        raise Missing("no pswpin in /proc/vmstat")
    return {"in": int(found["pswpin"]), "out": int(found["pswpout"])}


def ticks(root: Root) -> Dict[str, int]:
    """Time of all cores together since boot, in ticks: all of it, idle, and stolen by the host.

    The eight columns are user, nice, system, idle, iowait, irq, softirq, steal (proc(5)); the
    two of guests behind them are counted in user and nice already.
    """
    fields = root.text("/proc/stat", most=512).split("\n", 1)[0].split()
    if len(fields) < 9:
        raise Missing("/proc/stat has no column for stolen time")
    columns = [int(field) for field in fields[1:9]]
    return {"total": sum(columns), "idle": columns[3] + columns[4], "steal": columns[7]}


def steal_share(root: Root) -> Optional[float]:
    """Since boot: the share of time that the host of a virtual machine gave to others."""
    now: Any = ticks(root)
    return now["steal"] / now["total"] if now["total"] else None
