"""Which int8 forms are worth refining: pure functions of records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeopt.domain.aim import Aim
from edgeopt.domain.compression import Chain
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.search import choose
from edgeopt.search.aims import OF_TIME, costs
from edgeopt.search.find import float_form
from edgeopt.search.tails import splits_tail

#: An int8 form that is less faster than its fp32 has nothing to give away.
LEAST_SPEEDUP = 1.1


@dataclass(frozen=True)
class Chance:
    """A form that is fast and loses too much.

    Attributes:
        limit_ms: the fastest that keeps what was asked, or its own fp32 (compressed as it is): a
            refined form that is not faster is of no use.
    """

    plain: Record
    limit_ms: float


def chances(
    records: Sequence[Record], constraints: Constraints, aim: Aim = "latency"
) -> list[Chance]:
    """The fastest int8-static form of each runtime, where only its drop is in the way.

    Of forms that differ in their tail the one with it in float, unless that is too slow.

    A compressed model and the whole one are two: each has its own layers to leave in float.

    Args:
        records: screened in one schedule.

    Returns:
        The fastest first.
    """
    keeping = [
        record
        for record in choose.qualifying(records, constraints)
        if choose.likely(record, constraints)
    ]
    if aim not in OF_TIME:
        return _chances_of_figure(records, keeping, constraints, aim)
    fastest = min((_ms(record) for record in keeping), default=math.inf)
    worth_a_try = []
    forms = dict.fromkeys((r.runtime, r.recipe.compression) for r in records if r.recipe)
    for runtime, chain in forms:
        for plain in _fastest_static(records, runtime, chain):
            if plain in keeping:
                break
            chance = _chance(records, plain, fastest)
            if chance is not None and _only_its_drop(plain, constraints):
                worth_a_try.append(chance)
                break
    return sorted(worth_a_try, key=lambda chance: _ms(chance.plain))


def _chances_of_figure(
    records: Sequence[Record], keeping: Sequence[Record], constraints: Constraints, aim: Aim
) -> list[Chance]:
    """The same where no time is aimed at: the form of each runtime with the least cost.

    No time limits what becomes of it. A figure that is not known in the screening (energy) is
    taken to follow the time.
    """
    timed = [r for r in records if r.latency_ms]
    cost = costs(timed, aim, None) or costs(timed, "latency", None)
    least = min((cost[r.key] for r in keeping if r.key in cost), default=math.inf)
    forms = dict.fromkeys((r.runtime, r.recipe.compression) for r in records if r.recipe)
    found = [
        (cost[plain.key], plain)
        for runtime, chain in forms
        for plain in _fastest_static(records, runtime, chain)[:1]
        if plain.key in cost and _only_its_drop(plain, constraints)
    ]
    worth_it = [(own, r) for own, r in found if own * LEAST_SPEEDUP <= least]
    return [Chance(r, math.inf) for _, r in sorted(worth_it, key=lambda pair: pair[0])]


def _chance(records: Sequence[Record], plain: Record, fastest: float) -> Chance | None:
    """None where it is too slow to give anything away."""
    fp32 = float_form(records, plain)
    fp32_ms = _ms(fp32) if fp32 is not None else math.inf
    limit = min(fastest, fp32_ms)
    worth_it = _ms(plain) * LEAST_SPEEDUP <= fp32_ms and _ms(plain) < limit
    return Chance(plain, limit) if worth_it else None


def lost(record: Record) -> tuple[float, float]:
    """What a form loses; of forms that lose the same, the one whose answers are nearer."""
    drop = record.drop.judged if record.drop else math.inf
    if record.parity is None:
        return drop, math.inf
    nearness = record.parity.sqnr_db  # null: equal to the bit
    return drop, -math.inf if nearness is None else -nearness


def clearly_worse(form: Record, before: Record) -> bool:
    """Whether what was added made it lose more, beyond what its samples leave open."""
    if form.drop is None or before.drop is None:
        return form.drop is None and before.drop is not None
    return form.drop.bounds[0] > before.drop.value


def less_lossy(best: Record, records: Sequence[Record]) -> Record | None:
    """Of those that no measurement tells to be slower than a refined form, what loses least.

    None: it loses least of them itself.
    """
    assert best.drop is not None
    better = [
        record
        for record in records
        if record.status == "ok"
        and record.drop is not None
        and record.drop.judged < best.drop.judged
        and _not_slower(record, best)
    ]
    return min(better, key=lambda record: record.drop.judged if record.drop else 0.0, default=None)


def _not_slower(record: Record, best: Record) -> bool:
    """Whether it was timed beside the other one, and is at least as fast by its ratio.

    Wide intervals meet of whatever is several times slower.
    """
    verdict, other = record.versus_baseline, best.versus_baseline
    schedules = [(r.latency_ms.stage, r.latency_ms.budget) for r in (record, best) if r.latency_ms]
    if verdict is None or other is None or verdict.over != other.over:
        return False
    return len(schedules) == 2 and len(set(schedules)) == 1 and verdict.ratio >= other.ratio


def _fastest_static(records: Sequence[Record], runtime: str, chain: Chain) -> list[Record]:
    """The fastest with the tail in float, where there is one, then the fastest of the others.

    A form that loses nothing but what its tail does is mended by that one, and not by layers.
    """
    static = [
        record
        for record in records
        if (record.runtime, record.precision) == (runtime, "int8-static")
        and (record.status == "ok" or record.mendable)
        and record.recipe is not None
        and record.recipe.compression == chain
        and record.latency_ms is not None
        and not record.latency_ms.spoiled
    ]
    split = [record for record in static if splits_tail(record)]
    others = [record for record in static if not splits_tail(record)]
    return [min(some, key=_ms) for some in (split, others) if some]


def _only_its_drop(record: Record, constraints: Constraints) -> bool:
    """Whether it qualifies but for what it loses, or other samples may, over all or on a slice."""
    if record.mendable:
        return True
    missed = choose.shortfalls(record, constraints)
    if not all(shortfall.is_loss for shortfall in missed):
        return False
    return bool(missed) or not choose.likely(record, constraints)


def _ms(record: Record) -> float:
    return record.latency_ms.p50 if record.latency_ms else math.inf
