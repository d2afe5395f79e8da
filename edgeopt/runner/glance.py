"""Cheap readings around a block: well below a millisecond, whatever the machine."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List

from edgeopt.runner import clocks, heat, system
from edgeopt.runner.root import Missing, Root, optional

BUDGET_NS = 400_000  # for the files of one glance, besides /proc/stat and /proc/loadavg


class Glance:
    """Finds out once which files there are and what reading them costs, then reads those.

    A temperature can cost milliseconds (ACPI, or a message to another processor): the cheapest
    files are kept until the budget is spent.

    Attributes:
        why_null: reading -> why it is null in every glance.
    """

    def __init__(self, root: Root, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._root = root
        self.why_null: Dict[str, str] = {}
        self._paths: Dict[str, List[str]] = {name: [] for name in FILES}
        costs: List[Any] = []
        for name, (find, read, _) in FILES.items():
            try:
                costs += self._costs(name, find(root), read, clock)
            except Missing as reason:
                self.why_null[name] = str(reason)
        self._keep(costs)

    def _costs(self, name: str, paths: List[str], read: Any, clock: Callable[[], int]) -> List[Any]:
        """(ns, reading, file): the least of two each, and no more files than fit in the budget."""
        found: List[Any] = []
        for path in paths:
            spent = []
            for _ in range(2):
                start = clock()
                read(self._root, path)
                spent.append(clock() - start)
            found.append((min(spent), name, path))
            if sum(cost for cost, _, _ in found) > BUDGET_NS:
                break
        return found

    def _keep(self, costs: List[Any]) -> None:
        left = BUDGET_NS
        for cost, name, path in sorted(costs):
            left -= cost
            if left > 0:
                self._paths[name].append(path)
            elif not self._paths[name]:
                self.why_null[name] = "{} takes {} ns to read".format(path, cost)

    def told(self) -> Dict[str, Any]:
        """The readings now."""
        found: Dict[str, Any] = {"t_ns": time.perf_counter_ns(), "cpu_ns": time.process_time_ns()}
        found.update(_usage())
        ticks = optional(system.ticks, self._root) or {}
        found["steal_ticks"], found["total_ticks"] = ticks.get("steal"), ticks.get("total")
        found["load_1m"] = optional(system.load_1m, self._root)
        for name, (_, read, joined) in FILES.items():
            values = [optional(read, self._root, path) for path in self._paths[name]]
            there = [value for value in values if value is not None]
            found[name] = joined(there) if there else None
        return found


def _usage() -> Dict[str, Any]:
    """Of this process since it began."""
    try:
        import resource
    except ImportError:
        return dict.fromkeys(("major_faults", "yielded", "preempted"))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"major_faults": used.ru_majflt, "yielded": used.ru_nvcsw, "preempted": used.ru_nivcsw}


def _clock_files(root: Root) -> List[str]:
    return ["{}/{}/scaling_cur_freq".format(clocks.POLICIES, n) for n in clocks.policy_names(root)]


def _zone_files(root: Root) -> List[str]:
    names = root.names(heat.THERMAL, r"thermal_zone\d+$")
    paths = ["{}/{}/temp".format(heat.THERMAL, name) for name in names]
    found = [path for path in paths if optional(root.number, path) is not None]
    if not found:
        heat.zones(root)  # says why
    return found


def _celsius(root: Root, path: str) -> float:
    return root.number(path, 0.001)


def _counters(root: Root) -> List[str]:
    return heat.counter_files(root, "count")


def _firmware(root: Root) -> List[str]:
    root.text(heat.FIRMWARE, "no {}: not a Raspberry Pi".format(heat.FIRMWARE))
    return [heat.FIRMWARE]


def _bits(root: Root, path: str) -> int:
    return heat.parse_throttled(root.text(path))


#: Reading -> (its files, how one is read, how all become one value).
FILES: Dict[str, Any] = {
    "clock_khz": (_clock_files, Root.integer, max),
    "temperature_c": (_zone_files, _celsius, max),
    "throttle_count": (_counters, Root.integer, sum),
    "throttled_bits": (_firmware, _bits, max),
}
