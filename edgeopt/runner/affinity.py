"""Which cores this process keeps to: decided here, where the cores are."""

from __future__ import annotations

import contextlib
import os
from typing import List, Tuple

from edgeopt.runner.root import Missing, Root

_CPU = "/sys/devices/system/cpu/cpu{}/{}"
#: Where the kernel says how fast a core is: ARM's capacity, else the clock that it can reach.
_SPEEDS = ("cpu_capacity", "cpufreq/cpuinfo_max_freq")


def pin(kind: str, threads: int, root: Root) -> List[int]:
    """Keep every thread of this process, and those to come, to some cores.

    Args:
        kind: "any": nothing is done; "fastest": as many cores as threads, see `fastest`.

    Returns:
        The cores; empty where nothing was done.

    Raises:
        ValueError: an unknown kind, or a system that keeps no process to cores.
    """
    if kind == "any":
        return []
    if kind != "fastest":
        raise ValueError("unknown affinity {!r}; known: any, fastest".format(kind))
    if not hasattr(os, "sched_setaffinity"):
        raise ValueError("this system keeps no process to cores (no sched_setaffinity)")
    cores = fastest(sorted(os.sched_getaffinity(0)), threads, root)
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):  # a thread that ended meanwhile
            os.sched_setaffinity(int(task), cores)
    return cores


def fastest(allowed: List[int], count: int, root: Root) -> List[int]:
    """The fastest of the allowed cores, by what the kernel says of them.

    One thread of each physical core comes before the second of any. Of equal cores the last
    ones are taken: the first usually serves the interrupts.
    """
    return sorted(sorted(allowed, key=lambda core: _order(core, allowed, root))[:count])


def _order(core: int, allowed: List[int], root: Root) -> Tuple[int, float, int]:
    siblings = [other for other in _siblings(core, root) if other in allowed and other > core]
    return (len(siblings), -_speed(core, root), -core)


def _speed(core: int, root: Root) -> float:
    for name in _SPEEDS:
        with contextlib.suppress(Missing):
            return root.number(_CPU.format(core, name))
    return 0.0


def _siblings(core: int, root: Root) -> List[int]:
    """The other threads of its physical core; none where the kernel does not tell."""
    try:
        text = root.text(_CPU.format(core, "topology/thread_siblings_list"))
        found: List[int] = []
        for part in text.strip().split(","):
            first, _, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    except (Missing, ValueError):
        return []
    return [other for other in found if other != core]
