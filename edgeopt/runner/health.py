"""Slower readings before and after a schedule: what may spoil the figures in between."""

from __future__ import annotations

import os
import time
from typing import Any, Callable, Dict, List, Optional

from edgeopt.runner import clocks, enclosure, heat, meters, nvidia, power, system
from edgeopt.runner.root import Missing, Root, optional, tell

ACCOUNT: Dict[str, Any] = {
    "throttled": heat.throttled,
    "thermal_zones": heat.zones,
    "brakes": heat.brakes,
    "throttle_count": heat.throttle_count,
    "throttle_ms": heat.throttle_ms,
    "policies": clocks.policies,
    "firmware_clock_khz": heat.firmware_clock_khz,
    "power_supplies": power.supplies,
    "load_1m": system.load_1m,
    "memory_available_bytes": system.memory_available_bytes,
    "swap_used_bytes": system.swap_used_bytes,
    "swapped_pages": system.swapped_pages,
    "quota_stops": enclosure.quota_stops,
    "gpus": nvidia.gpus,
    "meters": meters.names,
    "meters_sealed": meters.sealed,
}
BUSY = 0.05  # cores: a process that uses less is not named
MOST = 3  # processes that are named


def health(
    root: Root, seconds: float, sleep: Callable[[float], None] = time.sleep
) -> Dict[str, Any]:
    """Watch for so many seconds while this process sleeps, then read everything.

    Raises:
        ValueError: `seconds` is below 0.
    """
    if seconds < 0:
        raise ValueError("seconds must be 0 or more, got {}".format(seconds))
    before = _counts(root)
    sleep(seconds)
    after = _counts(root)
    told = tell(ACCOUNT, root)
    told.update(_watched(before, after, seconds, told["why_null"]))
    return {"t_ns": time.perf_counter_ns(), **told}


def _counts(root: Root) -> Dict[str, Any]:
    return {
        "ticks": optional(system.ticks, root),
        "swapped": optional(system.swapped_pages, root),
        "processes": optional(processes, root),
    }


def _watched(
    before: Dict[str, Any], after: Dict[str, Any], seconds: float, why: Dict[str, str]
) -> Dict[str, Any]:
    """What happened meanwhile. Ticks are 10 ms: it takes some of them to make a share."""
    found: Dict[str, Any] = {"watched_s": seconds}
    total = _grown(before["ticks"], after["ticks"], "total")
    for name, key in (("idle_share", "idle"), ("steal_share", "steal")):
        found[name] = _grown(before["ticks"], after["ticks"], key) / total if total else None
    swapped = before["swapped"] and after["swapped"]
    found["swapped_in_watch"] = (
        sum(_grown(before["swapped"], after["swapped"], key) for key in ("in", "out"))
        if swapped and seconds
        else None
    )
    found["busiest"] = (
        busiest(before["processes"], after["processes"], seconds)
        if before["processes"] and after["processes"] and seconds
        else None
    )
    for name in ("idle_share", "steal_share", "swapped_in_watch", "busiest"):
        if found[name] is None:
            why[name] = "not watched" if not seconds else "/proc does not tell"
    return found


def _grown(before: Any, after: Any, key: str) -> int:
    return after[key] - before[key] if before and after else 0


def processes(root: Root) -> Dict[int, Any]:
    """pid -> (name, ticks used so far) of every process but this one and its parent, the host."""
    found, own = {}, (os.getpid(), os.getppid())
    for name in root.names("/proc", r"\d+$"):
        text = optional(root.text, "/proc/{}/stat".format(name))
        if text and int(name) not in own:
            head, _, rest = text.rpartition(")")
            fields = rest.split()
            found[int(name)] = head.partition("(")[2], int(fields[11]) + int(fields[12])
    if not found:
        raise Missing("/proc shows no other process")
    return found


def busiest(before: Dict[int, Any], after: Dict[int, Any], seconds: float) -> List[Dict[str, Any]]:
    """The processes that used most of the time in between, in cores."""
    hertz = _ticks_per_second()
    used = []
    for pid, (name, ticks) in after.items():
        share = (ticks - before.get(pid, (name, 0))[1]) / hertz / seconds
        if share >= BUSY:
            used.append({"pid": pid, "name": name, "cores": round(share, 2)})
    return sorted(used, key=lambda one: -one["cores"])[:MOST]


def _ticks_per_second() -> int:
    found: Optional[int] = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else None
    return found or 100
