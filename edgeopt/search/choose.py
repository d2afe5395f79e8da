"""Which candidate to ship: the fastest within what is allowed. Pure functions of records."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints, Miss

TIE = 0.02  # shares of latency below which two candidates count as equally fast

#: A smaller limit is taken for this one where other samples are meant: no count of hundreds, and
#: no margin, tells less than one in a thousand from none.
LEAST_LIMIT = 0.001


def misses(record: Record, constraints: Constraints) -> list[str]:
    """By what a candidate misses the constraints, each with the figure; empty: it qualifies."""
    found = [] if record.drop else ["it has no score"]
    for drop, where in ((record.drop, "choosing"), (record.confirm_drop, "confirming")):
        if drop is not None and not drop.judged <= constraints.max_drop:  # nor where it is NaN
            found.append(
                f"it loses {drop.judged:.4g} on the {drop.n} {where} samples, "
                f"allowed {constraints.max_drop:.4g}"
            )
    found += _slices_missed(record, constraints)
    size, limit = record.size_bytes, constraints.max_size_bytes
    if limit is not None and size is not None and size > limit:
        found.append(f"its size is {size} bytes, allowed {limit}")
    if record.latency_ms is not None and record.latency_ms.spoiled:
        found.append(f"its latency cannot be trusted ({'; '.join(record.latency_ms.spoiled)})")
    latency, most = record.latency_ms, constraints.max_latency_ms
    if most is not None and latency is not None and latency.p50 > most:
        found.append(f"its p50 is {latency.p50:.3g} ms, allowed {most:.3g} ms")
    return found


def _slices_missed(record: Record, constraints: Constraints) -> list[str]:
    """The worst slice of each column that loses more than a slice may."""
    allowed = constraints.max_slice_drop
    if allowed is None:
        return []
    found = []
    for column in (*record.slices, *record.confirm_slices):
        worst = column.worst_deciding
        if worst is not None and worst.drop is not None and not worst.drop.judged <= allowed:
            where = "choosing" if column.part == "choose" else "confirming"
            found.append(
                f"{column.by} {worst.value} loses {worst.drop.judged:.4g} on its {worst.n} {where} "
                f"samples, allowed for a slice {allowed:.4g}"
            )
    return found


def qualifying(records: Sequence[Record], constraints: Constraints) -> list[Record]:
    """Records that ended well and keep every constraint."""
    return [r for r in records if r.status == "ok" and not misses(r, constraints)]


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


def nearest_misses(
    records: Sequence[Record], constraints: Constraints, count: int = 3
) -> tuple[Miss, ...]:
    """The candidates that come nearest to qualifying: fewest misses first, then least drop."""
    scored = [r for r in records if r.status == "ok" and r.drop and misses(r, constraints)]
    scored.sort(key=lambda r: (len(misses(r, constraints)), r.drop.judged if r.drop else 0.0))
    return tuple(
        Miss(
            recipe_id=r.recipe_id or "",
            title=r.title,
            why="; ".join(misses(r, constraints)),
        )
        for r in scored[:count]
    )
