"""The shortest names by which some candidates can be told from each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence


def distinct(names: Mapping[Hashable, tuple[str, Sequence[str]]]) -> dict[Hashable, str]:
    """Each name, with those of its settings that another of the same name does not have.

    What lacks a setting that its namesakes have, and has none of its own, keeps the bare name.

    Args:
        names: by key: a name, and settings that tell its bearers apart.
    """
    same: defaultdict[str, list[Hashable]] = defaultdict(list)
    for key, (name, _) in names.items():
        same[name].append(key)
    made = {}
    for key, (name, settings) in names.items():
        others = [set(names[other][1]) for other in same[name] if other != key]
        own = [one for one in settings if any(one not in other for other in others)]
        made[key] = ", ".join([name, *own])
    return made
