"""Which candidate to ship: the best in what is aimed at that keeps what is allowed.

Pure functions of records. What is aimed at is the time, where nothing else was said.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from edgeopt.domain.aim import Aim
from edgeopt.domain.arithmetic import FLOATS
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.domain.score import Drop
from edgeopt.domain.shortfall import Shortfall, ShortfallKind, Subset
from edgeopt.domain.space_asked import SpaceAsked
from edgeopt.search import evidence
from edgeopt.search.aims import OF_TIME, costs, relative

TIE = 0.02  # shares of latency below which two candidates count as equally fast
#: The same for two that one schedule does not tell apart. Nets of a few microseconds differ by more
#: than `TIE` from launch to launch: a loss is a high price for a lead that may be none.
UNTOLD = 0.03

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
        *_of_figures(record, constraints),
        *_of_space(record, constraints.space),
    )


def _of_drops(record: Record, allowed: float) -> Iterator[Shortfall]:
    if record.random_inputs:
        yield from _unscored(record)
        return
    if record.drop is None:
        yield Shortfall(kind="no-score")
    for drop, part in ((record.drop, "choose"), (record.confirm_drop, "confirm")):
        if drop is not None and not drop.judged <= allowed:  # nor where it is NaN
            yield _lossy("drop", drop, allowed, Subset(part=part, n=drop.n))


def _unscored(record: Record) -> Iterator[Shortfall]:
    """Without data: a form in floats that kept parity computes what the source does, and counts."""
    if record.latency_only:
        yield Shortfall(kind="latency-only")
    elif record.precision not in (*FLOATS, "as-is"):
        yield Shortfall(kind="no-score")


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


def _of_figures(record: Record, constraints: Constraints) -> Iterator[Shortfall]:
    """Of limits on figures that a measurement gives; one that is not known counts as kept."""
    limits: dict[ShortfallKind, float | None] = {
        "p90": constraints.max_p90_ms,
        "memory": constraints.max_memory_bytes,
        "energy": constraints.max_energy_mj,
    }
    latency, executed, energy = record.latency_ms, record.executed, record.energy
    figures = {
        "p90": latency.p90 if latency else None,
        "memory": executed.memory_bytes if executed else None,
        "energy": energy.gross_mj if energy else None,
    }
    for kind, allowed in limits.items():
        got = figures[kind]
        if allowed is not None and got is not None and got > allowed:
            yield Shortfall(kind=kind, got=got, allowed=allowed)


def _of_space(record: Record, asked: SpaceAsked | None) -> Iterator[Shortfall]:
    if asked is not None and asked.excludes(record.runtime, record.precision):
        yield Shortfall(kind="outside")


def qualifies(record: Record, constraints: Constraints) -> bool:
    """Whether a record ended well and keeps every constraint."""
    return record.status == "ok" and not shortfalls(record, constraints)


def qualifying(records: Sequence[Record], constraints: Constraints) -> list[Record]:
    """Records that ended well and keep every constraint."""
    return [record for record in records if qualifies(record, constraints)]


def likely(record: Record, constraints: Constraints) -> bool:
    """Whether other samples are likely to lose no more than is allowed.

    By both parts together where it was confirmed, else by the choosing samples (`evidence`). What
    is not known (in older runs, or without a score) does not count against it.
    """
    limit = max(constraints.max_drop, LEAST_LIMIT)
    return _bound(record) <= limit


def in_order(
    records: Sequence[Record],
    constraints: Constraints,
    baseline: str | None = None,
    aim: Aim = "latency",
) -> list[Record]:
    """Those that are `likely` as `ranked`; after them the others, most careful first.

    The point alone would put the fastest form first that was lucky: of ten whose loss is near the
    limit, several look well on a hundred samples.
    """
    order = ranked([r for r in records if likely(r, constraints)], baseline, aim)
    others = [r for r in ranked(records, baseline, aim) if not likely(r, constraints)]
    return order + sorted(others, key=_bound)


def most_careful(records: Sequence[Record]) -> Record | None:
    """The one with which other samples may lose least."""
    return min(records, key=_bound, default=None)


def _bound(record: Record) -> float:
    found = evidence.bound(record)
    return -math.inf if found is None else found


def ranked(
    records: Sequence[Record], baseline: str | None = None, aim: Aim = "latency"
) -> list[Record]:
    """The least cost first; among those that tie with the least: those that none is told to lose

    less than. Of these, where a time is aimed at, the ones with the fewest threads, then the least
    loss, then the smallest, then the fastest; else they are in the order of their times, which
    ranks them so.

    Args:
        records: measured together, since p50 of different schedules are not comparable; or
        baseline: measured in each of their schedules: where every record has a verdict against
            it, their times are taken relative to its.
        aim: what the cost is (`search.aims`). What has none, though it was timed, comes last.
    """
    timed = [r for r in records if r.latency_ms]
    cost = costs(timed, aim, baseline)
    left = sorted((r for r in timed if r.key in cost), key=lambda r: cost[r.key])
    ordered: list[Record] = []
    while left:
        first, least = left[0], cost[left[0].key]
        tied = [r for r in left if cost[r.key] <= least * (1 + _tie(r, first, aim))]
        best = _first(_least_loss(tied), cost, baseline, aim)
        ordered.append(best)
        left.remove(best)
    unknown = [r for r in timed if r.key not in cost]
    return ordered + (ranked(unknown, baseline) if unknown else [])


def _first(
    tied: Sequence[Record],
    cost: Mapping[tuple[str, str, str], float],
    baseline: str | None,
    aim: Aim,
) -> Record:
    """The first of those that cost the same and lose no more than each other."""
    if aim not in OF_TIME:
        return ranked(tied, baseline)[0]
    size = {r.key: r.size_bytes or math.inf for r in tied}
    return min(tied, key=lambda r: (_threads(r), _lost(r), size[r.key], cost[r.key]))


def _tie(record: Record, first: Record, aim: Aim) -> float:
    """The share by which a record may cost more than another and count as equal."""
    return UNTOLD if aim in OF_TIME and first.recipe_id in record.alike else TIE


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


def better(record: Record, than: Record, baseline: str | None, aim: Aim = "latency") -> bool:
    """Whether a record costs less than another by more than a tie, times against the baseline."""
    ours, theirs = (relative(r, aim, baseline) for r in (record, than))
    tie = _tie(than, record, aim)
    return bool(ours and theirs) and (ours or 0.0) * (1 + tie) < (theirs or 0.0)


def tied_with(
    record: Record, records: Sequence[Record], baseline: str | None, aim: Aim = "latency"
) -> Record | None:
    """The best that costs less than a record by no more than a tie; None: it is the best.

    Of those that were measured as well as the record was.
    """
    ours = relative(record, aim, baseline)
    stage = record.latency_ms.stage if record.latency_ms else ""
    tied = [
        (theirs, r.key, r)
        for r in records
        if r.key != record.key
        and r.latency_ms
        and r.latency_ms.stage == stage
        and (theirs := relative(r, aim, baseline))
        and ours
        and theirs < ours <= theirs * (1 + _tie(record, r, aim))
    ]
    return min(tied)[2] if tied else None


def nearest(records: Sequence[Record], constraints: Constraints, count: int = 3) -> list[Record]:
    """The candidates that come nearest to qualifying: fewest shortfalls first, then least excess.

    What is outside of the space was never to qualify.
    """
    found = {r.key: shortfalls(r, constraints) for r in records if r.status == "ok" and r.drop}
    short = {
        key: len(missed)
        for key, missed in found.items()
        if all(one.kind != "outside" for one in missed)
    }
    scored = [r for r in records if short.get(r.key)]
    return sorted(scored, key=lambda r: (short[r.key], _excess(found[r.key]), _lost(r)))[:count]


def _excess(missed: Sequence[Shortfall]) -> float:
    """How many times the allowed figure the worst of them is; infinite where there is no figure."""
    shares = [one.got / one.allowed if one.got and one.allowed else math.inf for one in missed]
    return max(math.inf if math.isnan(share) else share for share in shares)
