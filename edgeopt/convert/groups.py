"""Operators in a row that may stay in float together: pure functions of a graph."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import msgspec

from edgeopt.domain.layers import Group, Operator, spans

MOST = 20
"""Groups of a graph: each is ranked by two forms that leave it out, or leave only it."""

MOST_KINDS = 6
"""Kinds of operators that are each a group as well, ranked by the form that leaves it out."""


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


def kinds(operators: Sequence[Operator], most: int = MOST_KINDS) -> tuple[Group, ...]:
    """All operators of a kind as one piece, since one kind may err where it is in every block.

    Kinds that compute, where there are several (depthwise convolutions have one scale for channels
    of unlike ranges, and few products each to average over), then those in which two computed
    tensors meet (sums, products of attention).
    """
    found: dict[str, list[int]] = {}
    for number, op in enumerate(operators):
        if op.computes or len(set(op.inputs)) > 1:
            found.setdefault(_kind(op), []).append(number)
    computing = {_kind(op) for op in operators if op.computes}
    chosen = [
        k
        for k, held in found.items()
        if len(held) > 1 and (k not in computing or len(computing) > 1)
    ]
    chosen.sort(key=lambda k: (k not in computing, -sum(operators[i].elements for i in found[k])))
    return tuple(_of_kind(operators, kind, found[kind]) for kind in chosen[:most])


def _kind(op: Operator) -> str:
    """As people call it: ONNX has one name for plain and for grouped convolutions."""
    return f"{op.type} ({op.about})" if "grouped" in op.about else op.type


def _of_kind(operators: Sequence[Operator], kind: str, held: Sequence[int]) -> Group:
    computing = [number for number, op in enumerate(operators) if op.computes]
    order = tuple(place for place, number in enumerate(computing) if number in set(held))
    group = _held(operators, held)
    return msgspec.structs.replace(group, kind=kind, spans=spans(held), order=order)


def _group(operators: Sequence[Operator], first: int, last: int) -> Group:
    return _held(operators, range(first, last + 1))


def _held(operators: Sequence[Operator], held: Sequence[int]) -> Group:
    own = set(held)
    inside = [operators[number] for number in held]
    outside = [op for number, op in enumerate(operators) if number not in own]
    first, last = held[0], held[-1]
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
