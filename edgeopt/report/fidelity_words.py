"""What is said of how near an artifact's answers are to the source's."""

from __future__ import annotations

from edgeopt.domain.record import Record
from edgeopt.report import format as fmt

#: Fewer different values than this, where the source has so many times more, are few.
FEW, TIMES = 32, 32


def warnings(record: Record) -> tuple[str, ...]:
    """A warning where answers have few different values and the source's have many.

    A score that only ranks, or only takes the best class, does not see it.
    """
    found = record.parity
    if found is None or found.distinct is None or found.source_distinct is None:
        return ()
    if found.distinct >= FEW or found.source_distinct < TIMES * found.distinct:
        return ()
    return (
        f"{record.name} answers only {fmt.count(found.distinct, 'different value')} in "
        f"{found.coarsest}, where the source has {fmt.whole(found.source_distinct)}. Whatever uses "
        "the values, such as a threshold, may not work: take a form whose outputs are float.",
    )


def notes(record: Record) -> tuple[str, ...]:
    """Where a candidate is farthest from the source, if that is not an output as a whole."""
    found = record.parity
    if record.status != "ok" or found is None:
        return ()
    told = warnings(record)
    if found.axis is not None and found.sqnr_db is not None:
        told = (f"farthest from the source in {found.worst}: {found.sqnr_db:.0f} dB", *told)
    return told
