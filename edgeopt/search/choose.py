"""Which candidate to ship: the fastest within what is allowed. Pure functions of records."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.domain.shortfall import Shortfall, Subset

TIE = 0.02  # shares of latency below which two candidates count as equally fast

#: A smaller limit is taken for this one where other samples are meant: no count of hundreds, and
#: no margin, tells less than one in a thousand from none.
LEAST_LIMIT = 0.001


def shortfalls(record: Record, constraints: Constraints) -> tuple[Shortfall, ...]:
    """By what a candidate falls short of the constraints; empty: it keeps them.

    A size or a latency that is not known counts as kept; a score has to be known.
    """
    return (
        *_of_drops(record, constraints.max_drop),
        *_of_slices(record, constraints.max_slice_drop),
        *_of_size(record, constraints.max_size_bytes),
        *_of_latency(record, constraints.max_latency_ms),
    )


def _of_drops(record: Record, allowed: float) -> Iterator[Shortfall]:
    if record.drop is None:
        yield Shortfall(kind="no-score")
    for drop, part in ((record.drop, "choose"), (record.confirm_drop, "confirm")):
        if drop is not None and not drop.judged <= allowed:  # nor where it is NaN
            yield _lossy("drop", drop, allowed, Subset(part=part, n=drop.n))


def _of_slices(record: Record, allowed: float | None) -> Iterator[Shortfall]:
    """The worst slice of each column that loses more than a slice may."""
    if allowed is None:
        return
    for column in (*record.slices, *record.confirm_slices):
        worst = column.worst_deciding
        if worst is not None and worst.drop is not None and not worst.drop.judged <= allowed:
            where = Subset(part=column.part, n=worst.n, column=column.by, value=worst.value)
            yield _lossy("slice-drop", worst.drop, allowed, where)


def _lossy(
    kind: Literal["drop", "slice-drop"], drop: Drop, allowed: float, where: Subset
) -> Shortfall:
    relative = drop.relative is not None
    return Shortfall(kind=kind, got=drop.judged, allowed=allowed, relative=relative, where=where)


def _of_size(record: Record, allowed: int | None) -> Iterator[Shortfall]:
    size = record.size_bytes
    if allowed is not None and size is not None and size > allowed:
        yield Shortfall(kind="size", got=size, allowed=allowed)


def _of_latency(record: Record, allowed_ms: float | None) -> Iterator[Shortfall]:
    latency = record.latency_ms
    if latency is not None and latency.spoiled:
        yield Shortfall(kind="untrusted-latency", spoiled=latency.spoiled)
    if allowed_ms is not None and latency is not None and latency.p50 > allowed_ms:
        yield Shortfall(kind="latency", got=latency.p50, allowed=allowed_ms)


def qualifies(record: Record, constraints: Constraints) -> bool:
    """Whether a record ended well and keeps every constraint."""
    return record.status == "ok" and not shortfalls(record, constraints)


def qualifying(records: Sequence[Record], constraints: Constraints) -> list[Record]:
    """Records that ended well and keep every constraint."""
    return [record for record in records if qualifies(record, constraints)]


def likely(record: Record, constraints: Constraints) -> bool:
    """Whether other samples are likely to lose no more than is allowed.

    By the confirming samples where they were asked, else by the choosing ones. What is not known
    (in older runs, or without a score) does not count against it.
    """
    limit = max(constraints.max_drop, LEAST_LIMIT)
    return _bound(record) <= limit


def in_order(
    records: Sequence[Record], constraints: Constraints, baseline: str | None = None
) -> list[Record]:
    """Those that are `likely` as `ranked`; after them the others, most careful first.

    The point alone would put the fastest form first that was lucky: of ten whose loss is near the
    limit, several look well on a hundred samples.
    """
    order = ranked([r for r in records if likely(r, constraints)], baseline)
    others = [r for r in ranked(records, baseline) if not likely(r, constraints)]
    return order + sorted(others, key=_bound)


def most_careful(records: Sequence[Record]) -> Record | None:
    """The one with which other samples may lose least."""
    return min(records, key=_bound, default=None)


def _bound(record: Record) -> float:
    drop = record.confirm_drop or record.drop
    return -math.inf if drop is None or drop.bound is None else drop.bound


def ranked(records: Sequence[Record], baseline: str | None = None) -> list[Record]:
    """Fastest first; among those as fast as the fastest: those that none is told to lose less

    than, of these the ones with the fewest threads, then the least loss, then the fastest.

    Args:
        records: measured together, since p50 of different schedules are not comparable; or
        baseline: measured in each of their schedules: where every record has a verdict against
            it, their times are taken relative to its.
    """
    timed = [r for r in records if r.latency_ms]
    shares = {r.key: share_of_baseline(r, baseline) for r in timed}
    time = {r.key: _p50(r) if None in shares.values() else shares[r.key] or 0.0 for r in timed}
    timed.sort(key=lambda r: time[r.key])
    ordered: list[Record] = []
    while timed:
        limit = time[timed[0].key] * (1 + TIE)
        tied = [r for r in timed if time[r.key] <= limit]
        best = min(_least_loss(tied), key=lambda r: (_threads(r), _lost(r), time[r.key]))
        ordered.append(best)
        timed.remove(best)
    return ordered


def _least_loss(records: Sequence[Record]) -> list[Record]:
    """Those that none of the others is told to lose less than."""
    return [r for r in records if not any(loses_less(other, r) for other in records)]


def loses_less(record: Record, than: Record) -> bool:
    """Whether the samples tell that one loses less than another.

    Both drops are paired with the source's answers to the same samples. Their difference varies
    by no more than both together (Zou and Donner 2008: limits of a difference from two intervals,
    taken as if they were independent; paired ones vary less).
    """
    ours, theirs = record.drop, than.drop
    if ours is None or theirs is None:
        return _lost(record) < _lost(than)
    apart = math.hypot(ours.bounds[1] - ours.value, theirs.value - theirs.bounds[0])
    return theirs.value - ours.value > apart


def _lost(record: Record) -> float:
    return record.drop.judged if record.drop else 0.0


def _threads(record: Record) -> int:
    return record.recipe.threads if record.recipe else 1


def faster(record: Record, than: Record, baseline: str | None) -> bool:
    """Whether a record is faster than another by more than a tie, both against the baseline."""
    ours, theirs = (share_of_baseline(r, baseline) for r in (record, than))
    return bool(ours and theirs) and (ours or 0.0) * (1 + TIE) < (theirs or 0.0)


def tied_with(record: Record, records: Sequence[Record], baseline: str | None) -> Record | None:
    """The fastest that is faster than a record and counts as equally fast; None: it is the fastest.

    Of those that were measured as well as the record was.
    """
    ours = share_of_baseline(record, baseline)
    stage = record.latency_ms.stage if record.latency_ms else ""
    tied = [
        (theirs, r.key, r)
        for r in records
        if r.key != record.key
        and r.latency_ms
        and r.latency_ms.stage == stage
        and (theirs := share_of_baseline(r, baseline))
        and ours
        and theirs < ours <= theirs * (1 + TIE)
    ]
    return min(tied)[2] if tied else None


def _p50(record: Record) -> float:
    assert record.latency_ms is not None
    return record.latency_ms.p50


def front(records: Sequence[Record], baseline: str | None) -> list[Record]:
    """The Pareto front of latency, drop and size: those that no other beats on all three.

    Latency is taken relative to the baseline's in the same interleaved schedule. What was only
    screened takes nothing off the front that was measured for good.
    """
    points = [
        (r, (share, max(r.drop.judged, 0.0), r.size_bytes or 0))
        for r in records
        if r.status == "ok" and r.drop and (share := share_of_baseline(r, baseline))
    ]
    return [
        record
        for record, point in points
        if not any(_as_sure(r, record) and _dominates(other, point) for r, other in points)
    ]


def _as_sure(record: Record, than: Record) -> bool:
    """Whether a record's latency is as good a figure as another's."""
    stages = [r.latency_ms.stage for r in (record, than) if r.latency_ms]
    return stages != ["screen", "final"]


def share_of_baseline(record: Record, baseline: str | None) -> float | None:
    """Latency relative to the baseline's in the same schedule; None where it did not run in it."""
    if record.recipe_id == baseline:
        return 1.0
    return 1.0 / record.versus_baseline.ratio if record.versus_baseline else None


def _dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


def nearest(records: Sequence[Record], constraints: Constraints, count: int = 3) -> list[Record]:
    """The candidates that come nearest to qualifying: fewest shortfalls first, then least drop."""
    short = {r.key: len(shortfalls(r, constraints)) for r in records if r.status == "ok" and r.drop}
    scored = [r for r in records if short.get(r.key)]
    return sorted(scored, key=lambda r: (short[r.key], _lost(r)))[:count]
