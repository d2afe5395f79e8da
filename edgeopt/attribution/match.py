"""Which operators of two profiles belong together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from edgeopt.attribution.kinds import kind
from edgeopt.domain.time_profile import OperatorTime

Matched = Literal["name", "position", "type", "alone"]


@dataclass
class Group:
    """Operators of both candidates that do the same work."""

    matched: Matched
    a: list[OperatorTime] = field(default_factory=list)
    b: list[OperatorTime] = field(default_factory=list)


def groups(a: Sequence[OperatorTime], b: Sequence[OperatorTime]) -> list[Group]:
    """Operators by layer: those that share a name; else, for what computes, by position.

    What a runtime added (conversions, moves) has no name of the source: all of one type together.
    """
    by_name = _by_name(a, b)
    both = [group for group in by_name if group.a and group.b]
    rest_a = _left(a, both, "a")
    rest_b = _left(b, both, "b")
    pairs = _by_position(rest_a, rest_b)
    kinds = _by_type(_left(rest_a, pairs, "a"), _left(rest_b, pairs, "b"))
    return [*both, *pairs, *kinds]


def _left(ops: Iterable[OperatorTime], groups: Sequence[Group], side: str) -> list[OperatorTime]:
    taken = {id(op) for group in groups for op in getattr(group, side)}
    return [op for op in ops if id(op) not in taken]


def _by_name(a: Sequence[OperatorTime], b: Sequence[OperatorTime]) -> list[Group]:
    """Operators that share a layer, directly or through others that are fused with it."""
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            name = root[name]
        return name

    for op in (*a, *b):
        for layer in op.layers:
            root[find(layer)] = find(op.layers[0])
    found: dict[str, Group] = {}
    for side, ops in (("a", a), ("b", b)):
        for op in ops:
            if op.layers:
                group = found.setdefault(find(op.layers[0]), Group("name"))
                getattr(group, side).append(op)
    return list(found.values())


def _by_position(a: Sequence[OperatorTime], b: Sequence[OperatorTime]) -> list[Group]:
    """What computes, one by one, where both have as many: converters keep the order."""
    own = [op for op in a if kind(op) == "compute"]
    theirs = [op for op in b if kind(op) == "compute"]
    if len(own) != len(theirs):
        return []
    return [Group("position", [x], [y]) for x, y in zip(own, theirs, strict=True)]


def _by_type(a: Sequence[OperatorTime], b: Sequence[OperatorTime]) -> list[Group]:
    """All operators of one type together, which may be in one of the two only."""
    found: dict[str, Group] = {}
    for side, ops in (("a", a), ("b", b)):
        for op in ops:
            getattr(found.setdefault(op.type, Group("alone")), side).append(op)
    for group in found.values():
        group.matched = "type" if group.a and group.b else "alone"
    return list(found.values())
