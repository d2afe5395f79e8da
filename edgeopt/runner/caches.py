"""The caches of the cores that this process may use."""

from __future__ import annotations

from typing import Any, Dict, List

from edgeopt.runner.processor import CPUS, affinity
from edgeopt.runner.root import Missing, Root, optional

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def caches(root: Root) -> List[Dict[str, Any]]:
    """Every level that holds data, the nearest first.

    Returns:
        {"level": 1, "least_bytes": of the smallest, "most_bytes": of the largest cache of the
        level, "instances": how many of them these cores have}.

    Raises:
        Missing: the kernel does not tell.
    """
    found: Dict[int, Dict[str, int]] = {}
    for cpu in affinity(root):
        folder = "{}/cpu{}/cache".format(CPUS, cpu)
        for index in root.names(folder, r"index\d+$"):
            _add(root, "{}/{}".format(folder, index), cpu, found)
    if not found:
        raise Missing("no caches in {}".format(CPUS))
    return [
        {
            "level": level,
            "least_bytes": min(sizes.values()),
            "most_bytes": max(sizes.values()),
            "instances": len(sizes),
        }
        for level, sizes in sorted(found.items())
    ]


def _add(root: Root, place: str, cpu: int, found: Dict[int, Dict[str, int]]) -> None:
    """Note the cache at `place`: by the cores that share it, so that each counts once."""
    if optional(root.text, place + "/type") not in ("Data", "Unified"):
        return
    level, size = optional(root.integer, place + "/level"), optional(root.text, place + "/size")
    if level is None or not size:
        return
    shared = optional(root.text, place + "/shared_cpu_list") or str(cpu)
    number, unit = size.rstrip("KMG"), size[-1]
    if number.isdigit():
        found.setdefault(int(level), {})[shared] = int(number) * _UNITS.get(unit, 1)
