"""How near a candidate comes to its device's roof: pure functions of times, work and peaks.

A layer's roof is the longer of two times: its multiply-adds at the fastest kernel's rate in the
arithmetic that ran, and its bytes (each input, weight and output once) at the rate of the nearest
level that holds them all (Williams, Waterman and Patterson, "Roofline", CACM 2009). Where its bytes
come from farther away the true limit is lower: a share is never told too high by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from edgeopt.attribution.fewer_products import of_layer, of_operator
from edgeopt.attribution.kinds import kind
from edgeopt.domain.layer_work import LayerWork
from edgeopt.domain.nearness import LayerKind, LayerNearness, Nearness, NoShare, WholeNearness
from edgeopt.domain.roof import Roof
from edgeopt.domain.time_profile import OperatorTime, TimeProfile

#: Profilers count in whole microseconds: of less than these the time is too coarse for a share.
SHORTEST_MS = 0.01

#: Times of a profile are means, and so is what the profiler adds: so far above 1 is still 1.
ROUNDED = 0.05

_WIDTHS = {"fp32": 4, "fp16": 2, "bf16": 2, "int8": 1, "int8-dynamic": 1, "int16": 2, "int4": 0.5}
_PEAKS = {"int8-dynamic": "int8"}
_RECURRENT = ("LSTM", "GRU", "RNN")


def whole(
    runtime: str,
    arithmetic: str | None,
    threads: int,
    ms: float | None,
    works: Mapping[str, LayerWork] | None,
    roof: Roof | None,
    *,
    on_processor: bool = True,
    sparse: bool = False,
) -> WholeNearness:
    """An artifact as it was timed.

    Args:
        arithmetic: that most of what computes ran in; None: the runtime does not say.
        works: the layers of what was converted; None: they are not known.
        sparse: weights were made zero so that kernels leave them out.
    """
    total = None if works is None else _total(works.values())
    peak = None if roof is None or arithmetic is None else roof.peak(_named(arithmetic))
    why = _why_not(roof, total, works, runtime, ms, on_processor, sparse)
    if why is None and peak is None:
        why = "no-peak"
    share = None
    if why is None and peak is not None and total and ms:
        share = 1000 * total / ms / peak.multiply_adds_per_s
        if share > 1:
            share, why = None, "above"
    return WholeNearness(
        arithmetic=arithmetic,
        threads=threads,
        multiply_adds=total,
        ms=ms,
        peak_per_s=peak.multiply_adds_per_s if peak else None,
        peak_runtime=peak.runtime if peak else "",
        share=share,
        why=why,
    )


def _why_not(
    roof: Roof | None,
    total: int | None,
    works: Mapping[str, LayerWork] | None,
    runtime: str,
    ms: float | None,
    on_processor: bool,
    sparse: bool,
) -> NoShare | None:
    fewer = next((why for w in (works or {}).values() if (why := of_layer(runtime, w))), None)
    reasons: tuple[tuple[bool, NoShare], ...] = (
        (not on_processor, "elsewhere"),
        (ms is None, "not-timed"),
        (roof is None, "no-roof"),
        (total is None, "unknown-work"),
        (total == 0, "no-products"),
        (sparse, "fewer-products"),
    )
    return next((why for holds, why in reasons if holds), fewer)


def _total(works: Iterable[LayerWork]) -> int | None:
    """All their multiply-adds; None where those of one cannot be told."""
    counts = [work.multiply_adds for work in works]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _named(arithmetic: str) -> str:
    return _PEAKS.get(arithmetic, arithmetic)


@dataclass(frozen=True)
class _Row:
    """Operators that compute the same layers."""

    operators: list[OperatorTime]
    layers: list[str]


def by_layer(
    recipe_id: str,
    profile: TimeProfile,
    threads: int,
    works: Mapping[str, LayerWork] | None,
    roof: Roof | None,
    *,
    on_processor: bool = True,
    sparse: bool = False,
) -> Nearness:
    """One candidate of an explanation, by the plain inferences beside the profiled ones."""
    whole_ms = profile.plain_ns / 1e6
    arithmetic = _main(profile)
    told = whole(
        profile.runtime, arithmetic, threads, whole_ms, works, roof,
        on_processor=on_processor, sparse=sparse,
    )  # fmt: skip
    rows = [_layer(row, profile.runtime, works or {}, roof, told.why) for row in _rows(profile)]
    rows.sort(key=lambda row: -row.ms)
    if told.why is None and any(row.why == "fewer-products" for row in rows):
        told = _without_share(told, "fewer-products")
    return Nearness(
        recipe_id=recipe_id,
        whole=told,
        layers=tuple(rows),
        memory_ms=sum(row.ms for row in rows if row.bound == "memory"),
        total_ms=whole_ms,
    )


def _without_share(told: WholeNearness, why: NoShare) -> WholeNearness:
    return msgspec.structs.replace(told, share=None, why=why)


def _main(profile: TimeProfile) -> str | None:
    """The arithmetic in which most time goes of what computes."""
    times: dict[str, float] = {}
    for op in profile.operators:
        if kind(op) == "compute" and op.precision:
            times[op.precision] = times.get(op.precision, 0.0) + op.ns
    return max(times, key=lambda name: times[name], default=None)


def _rows(profile: TimeProfile) -> list[_Row]:
    """What computes, those operators together that share a layer."""
    rows: list[_Row] = []
    where: dict[str, _Row] = {}
    for op in profile.operators:
        if kind(op) != "compute":
            continue
        row = next((where[name] for name in op.layers if name in where), None)
        if row is None:
            row = _Row([], [])
            rows.append(row)
        row.operators.append(op)
        row.layers.extend(name for name in op.layers if name not in row.layers)
        where.update(dict.fromkeys(op.layers, row))
    return rows


def _layer(
    row: _Row,
    runtime: str,
    works: Mapping[str, LayerWork],
    roof: Roof | None,
    told: NoShare | None,
) -> LayerNearness:
    longest = max(row.operators, key=lambda op: op.ns)
    those = {name: works[name] for name in row.layers if name in works}
    products = [name for name, work in those.items() if work.multiply_adds]
    ms = sum(op.ns for op in row.operators) / 1e6
    found = LayerNearness(
        layer=(products or row.layers or [longest.name])[0],
        kind=_kind(list(those.values()), longest.type),
        arithmetic=longest.precision,
        ms=ms,
    )
    fewer = of_operator(runtime, longest, list(those.values()))
    return _at_roof(found, those, roof, longest, fewer or _blocking(told))


def _blocking(told: NoShare | None) -> NoShare | None:
    """What is said of the whole and holds for each of its layers."""
    return told if told in ("no-roof", "elsewhere", "fewer-products") else None


def _at_roof(
    row: LayerNearness,
    works: Mapping[str, LayerWork],
    roof: Roof | None,
    operator: OperatorTime,
    why: NoShare | None,
) -> LayerNearness:
    """The row with its work, its bound and its share, as far as they can be told."""
    products = _total(works.values()) if works else None
    if products is None or not all(work.known for work in works.values()):
        return msgspec.structs.replace(row, multiply_adds=products, why=why or "unknown-work")
    size = _bytes(works, row.arithmetic, operator.output)
    row = msgspec.structs.replace(row, multiply_adds=products, bytes=round(size))
    peak = roof.peak(_named(row.arithmetic or "")) if roof else None
    level = roof.level(size) if roof else None
    if why or roof is None or peak is None or level is None:
        return msgspec.structs.replace(row, why=why or "no-peak")
    compute_ms = 1000 * products / peak.multiply_adds_per_s
    memory_ms = 1000 * size / level.bytes_per_s
    share = max(compute_ms, memory_ms) / row.ms if row.ms else 0.0
    short = row.ms < SHORTEST_MS
    wrong: NoShare | None = "too-short" if short else "above" if share > 1 + ROUNDED else None
    return msgspec.structs.replace(
        row,
        bound="memory" if memory_ms > compute_ms else "compute",
        level=level.name,
        share=None if wrong else min(1.0, share),
        why=wrong,
    )


def _bytes(works: Mapping[str, LayerWork], arithmetic: str | None, output: str | None) -> float:
    """What has to be moved at least; what one of these layers makes for another is not."""
    weight = _WIDTHS.get(arithmetic or "", 4)
    taken = 4 if arithmetic == "int8-dynamic" else weight
    given = _WIDTHS.get(output or arithmetic or "", 4)
    made = {name: size for work in works.values() for name, size in work.outputs.items()}
    inputs = {name: size for work in works.values() for name, size in work.inputs.items()}
    weights = {name: size for work in works.values() for name, size in work.weights.items()}
    outside = sum(size for name, size in inputs.items() if name not in made)
    last = sum(size for name, size in made.items() if name not in inputs)
    return taken * outside + weight * sum(weights.values()) + given * last


def _kind(works: Sequence[LayerWork], type: str) -> LayerKind:
    computing = [work for work in works if work.multiply_adds] or list(works)
    if not computing:
        return "other"
    if all(work.depthwise for work in computing):
        return "depthwise convolution"
    first = computing[0].type
    if any(word in first for word in _RECURRENT):
        return "recurrent layer"
    return "convolution" if "Conv" in first else "matrix product"
