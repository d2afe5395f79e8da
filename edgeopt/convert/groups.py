"""Operators in a row that may stay in float together: pure functions of a graph."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from edgeopt.domain.layers import Group, Operator

MOST = 20
"""Groups of a graph: each is ranked by two forms that leave it out, or leave only it."""


def groups(
    operators: Sequence[Operator], most: int = MOST, own: Collection[int] = ()
) -> tuple[Group, ...]:
    """The graph in pieces that share as few tensors as they can: the blocks of a network.

    A piece ends where the fewest values are alive (between two blocks with a shortcut each, that
    is one tensor), once it has its share of the operators that compute.

    Args:
        most: pieces, beside what `own` makes more.
        own: numbers of operators that are each a piece, with what activates or reshapes what they
            gave.
    """
    computing = sum(op.computes for op in operators)
    share = max(1, math.ceil(computing / most))
    alive = _alive(operators)
    floor = max(1, min(alive[:-1], default=1))
    found: list[Group] = []
    first = done = 0
    layer = -1  # the last one that computes
    for number, op in enumerate(operators):
        done += op.computes
        layer = number if op.computes else layer
        alone = done > 0 and (number + 1 in own or layer in own)
        last = number == len(operators) - 1
        ends = done >= share and alive[number] <= floor
        if last or ((ends or alone) and _begins_with_weights(operators, number + 1)):
            found.append(_group(operators, first, number))
            first, done = number + 1, 0
    return tuple(found)


def _begins_with_weights(operators: Sequence[Operator], number: int) -> bool:
    """Whether what follows computes: else it activates or reshapes what was computed before it."""
    return number < len(operators) and operators[number].computes


def _alive(operators: Sequence[Operator]) -> list[int]:
    """After each operator: how many values are still wanted by later ones.

    Values that live for more than half of the graph (a mask that all blocks read) say nothing of
    where a block ends.
    """
    last_use: dict[str, int] = {}
    for number, op in enumerate(operators):
        for name in op.inputs:
            last_use[name] = number
    made = {name: number for number, op in enumerate(operators) for name in op.outputs}
    given = {name for op in operators for name in op.inputs if name not in made}
    births = {**dict.fromkeys(given, -1), **made}
    lives = [
        (births[name], last)
        for name, last in last_use.items()
        if last - births[name] <= max(1, len(operators) / 2)
    ]
    return [sum(born <= n < last for born, last in lives) for n in range(len(operators))]


def _group(operators: Sequence[Operator], first: int, last: int) -> Group:
    inside = operators[first : last + 1]
    outside = [*operators[:first], *operators[last + 1 :]]
    made = {name for op in inside for name in op.outputs}
    wanted = {name for op in inside for name in op.inputs} - made
    used = {name for op in outside for name in op.inputs}
    entering = sum(op.elements for op in outside if wanted & set(op.outputs))
    leaving = sum(op.elements for op in inside if used & set(op.outputs))
    return Group(
        first=first,
        last=last,
        layers=tuple(op.label for op in inside if op.computes),
        elements=entering + leaving,
    )
