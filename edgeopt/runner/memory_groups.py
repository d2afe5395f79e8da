"""What control groups, of both versions, allow a process in memory, and who died of it."""

from __future__ import annotations

from typing import List, Optional, Tuple

from edgeopt.runner.enclosure import GROUPS, groups
from edgeopt.runner.root import Missing, Root, optional


def _memory_groups(root: Root) -> List[Tuple[str, str, str, str]]:
    """(limit, use, the key of what could be freed, its file) of each group, the innermost first."""
    new = [
        (group + "memory.max", group + "memory.current", "inactive_file", group + "memory.stat")
        for group in optional(groups, root) or []
    ]
    old = [
        (
            group + "memory.limit_in_bytes",
            group + "memory.usage_in_bytes",
            "total_inactive_file",
            group + "memory.stat",
        )
        for group in _old_groups(root, "memory")
    ]
    return [*new, *old]


def _old_groups(root: Root, controller: str) -> List[str]:
    """As `enclosure.groups`, of version 1. A container sees its own group at the top."""
    for line in (optional(root.text, "/proc/self/cgroup") or "").split("\n"):
        names, path = ([*line.split(":", 2), "", ""])[1:3]
        if controller in names.split(","):
            parts = [part for part in path.split("/") if part and part != ".."]
            top = "/".join([GROUPS, controller])
            return ["/".join([top, *parts[:depth]]) + "/" for depth in range(len(parts), -1, -1)]
    return ["/".join([GROUPS, controller]) + "/"]


def _limit_in(root: Root, path: str) -> Optional[int]:
    found = optional(root.integer, path)
    return found if found and found < 1 << 60 else None


def limit_bytes(root: Root) -> int:
    """The tightest limit of all groups.

    Raises:
        Missing: there is none.
    """
    found = [_limit_in(root, path) for path, _, _, _ in _memory_groups(root)]
    limits = [limit for limit in found if limit]
    if not limits:
        raise Missing("no limit on memory")
    return min(limits)


def left_bytes(root: Root) -> int:
    """What the groups still allow: of each that has a limit, that less what is in use and could
    not be freed; the least of them.

    Raises:
        Missing: no group has a limit.
    """
    left = []
    for path, use, key, stat in _memory_groups(root):
        limit = _limit_in(root, path)
        if limit:
            used = optional(root.integer, use) or 0
            left.append(max(0, limit - max(0, used - (_counted(root, stat, key) or 0))))
    if not left:
        raise Missing("no limit on memory")
    return min(left)


def _counted(root: Root, path: str, key: str) -> Optional[int]:
    """The number after a word in a file of such lines."""
    for line in (optional(root.text, path) or "").split("\n"):
        words = line.split()
        if len(words) == 2 and words[0] == key and words[1].isdigit():
            return int(words[1])
    return None


def kills(root: Root) -> int:
    """How many processes the kernel has killed for want of memory: in the group, else at all.

    Raises:
        Missing: no counter.
    """
    paths = [group + "memory.events" for group in (optional(groups, root) or [])[:1]]
    paths += [group + "memory.oom_control" for group in _old_groups(root, "memory")[:1]]
    for path in [*paths, "/proc/vmstat"]:
        found = _counted(root, path, "oom_kill")
        if found is not None:
            return found
    raise Missing("no counter of processes killed for want of memory")
