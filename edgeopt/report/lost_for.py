"""What a chosen artifact loses, and for whom: all, the worst slice, the worst corruption."""

from __future__ import annotations

from collections.abc import Iterator

from edgeopt.domain.effects import LEAST_TO_DECIDE, CorruptionEffect
from edgeopt.domain.record import Record
from edgeopt.report import format as fmt
from edgeopt.report import loss


def lost_for(record: Record) -> Iterator[str]:
    """A sentence for all, for each column's worst slice, and for the worst corruption."""
    drop = record.confirm_drop
    if drop is not None:
        found = loss.bounds(drop)
        sure = f" (95 % interval {found})" if found and drop.low is not None else " (no interval)"
        yield f"All {fmt.count(drop.n, 'held-out sample')}: it {loss.told(drop)}{sure}."
    for column in record.confirm_slices:
        worst = column.worst_deciding
        if worst is None or worst.drop is None:
            continue
        if worst.drop.judged <= 0:
            yield f"By {column.by}: no slice of {LEAST_TO_DECIDE} samples or more loses anything."
            continue
        samples = fmt.count(worst.n, "held-out sample")
        yield f"The worst {column.by} is {worst.value}: on {samples} it {loss.told(worst.drop)}."
    yield from _corrupted(record)


def _corrupted(record: Record) -> Iterator[str]:
    known = [(one.drop.judged, i, one) for i, one in enumerate(record.corruptions) if one.drop]
    if known:
        yield _sentence(max(known)[2])


def _sentence(one: CorruptionEffect) -> str:
    assert one.drop is not None
    return f"Worst corrupted inputs, {one.corruption} ({one.level}): it {loss.told(one.drop)}."
