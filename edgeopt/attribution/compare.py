"""The costs of two profiles side by side: by kind, and layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from edgeopt.attribution.kinds import kind
from edgeopt.attribution.match import Group, groups
from edgeopt.domain.explanation import Cost, Kind, LayerCost
from edgeopt.domain.time_profile import OperatorTime, TimeProfile

_MS = 1e-6  # of a nanosecond
_LONG = 48  # characters: longer names are scopes of a converter, no names of layers


def costs(a: TimeProfile, b: TimeProfile) -> tuple[Cost, ...]:
    """What each kind of operators costs: what computes by its arithmetic, then the others."""
    keys: dict[tuple[Kind, str | None], None] = {}
    for op in (*a.operators, *b.operators):
        keys.setdefault(_key(op))
    order = ("compute", "conversion", "other")
    found = [
        _cost(key, _of(a, key), _of(b, key))
        for key in sorted(keys, key=lambda k: (order.index(k[0]), k[1] or ""))
    ]
    outside = Cost(
        kind="outside",
        a_ms=a.outside_ns * _MS,
        b_ms=b.outside_ns * _MS,
        a_count=0,
        b_count=0,
    )
    return (*found, outside)


def _key(op: OperatorTime) -> tuple[Kind, str | None]:
    what = kind(op)
    return what, (op.precision or "unknown") if what == "compute" else None


def _of(profile: TimeProfile, key: tuple[Kind, str | None]) -> list[OperatorTime]:
    return [op for op in profile.operators if _key(op) == key]


def _cost(
    key: tuple[Kind, str | None], a: Sequence[OperatorTime], b: Sequence[OperatorTime]
) -> Cost:
    return Cost(
        kind=key[0],
        precision=key[1],
        a_ms=_ms(a),
        b_ms=_ms(b),
        a_count=len(a),
        b_count=len(b),
    )


def layer_costs(a: TimeProfile, b: TimeProfile) -> tuple[LayerCost, ...]:
    """Every layer of either with all that is done for it, the largest difference first."""
    return _layers(a, b, groups(a.operators, b.operators))


def compute_costs(a: TimeProfile, b: TimeProfile) -> tuple[LayerCost, ...]:
    """The same of the operators alone that compute, without the conversions around them."""
    own, theirs = ([op for op in profile.operators if kind(op) == "compute"] for profile in (a, b))
    return _layers(a, b, groups(own, theirs))


def _layers(a: TimeProfile, b: TimeProfile, found: Sequence[Group]) -> tuple[LayerCost, ...]:
    number = {id(op): i for ops in (a.operators, b.operators) for i, op in enumerate(ops, 1)}
    rows = [_layer(group, number) for group in found]
    if a.runtime != b.runtime and "position" in (a.layers_by, b.layers_by):
        rows = [
            msgspec.structs.replace(row, matched="position") if row.matched == "name" else row
            for row in rows
        ]
    return tuple(sorted(rows, key=lambda row: -abs(row.more_ms)))


def _layer(group: Group, number: dict[int, int]) -> LayerCost:
    both = group.a or group.b
    main_a, main_b = _main(group.a), _main(group.b)
    main = main_a or main_b
    assert main is not None
    return LayerCost(
        layer=_label(group, _main(both) or main, number),
        kind=kind(main),
        matched=group.matched,
        a=_words(group.a),
        b=_words(group.b),
        a_precision=main_a.precision if main_a else None,
        b_precision=main_b.precision if main_b else None,
        a_ms=_ms(group.a),
        b_ms=_ms(group.b),
        a_fallback=any(op.fallback for op in group.a),
        b_fallback=any(op.fallback for op in group.b),
    )


def _main(ops: Sequence[OperatorTime]) -> OperatorTime | None:
    """What a group is about: what computes in it, else what takes longest."""
    if not ops:
        return None
    return max(ops, key=lambda op: (kind(op) == "compute", op.ns))


def _label(group: Group, main: OperatorTime, number: dict[int, int]) -> str:
    """A layer's name; where none survives, kind and place in the order of execution."""
    several = max(len(group.a), len(group.b))
    if group.matched in ("type", "alone") and several > 1:
        return f"{main.type} ({several} of them)"
    names = [name for name in main.layers if len(name) <= _LONG and ";" not in name]
    return names[0] if names else f"{main.type} #{number[id(main)]}"


def _words(ops: Sequence[OperatorTime]) -> str:
    """The types of some operators: "QLinearConv", "ConvInteger + Cast + 2 Mul"."""
    counts = Counter(op.type for op in ops)
    return " + ".join(name if n == 1 else f"{n} {name}" for name, n in counts.items())


def _ms(ops: Sequence[OperatorTime]) -> float:
    return sum(op.ns for op in ops) * _MS
