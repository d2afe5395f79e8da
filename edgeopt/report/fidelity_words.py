"""What is said of how near an artifact's answers are to the source's."""

from __future__ import annotations

from edgeopt.domain.record import Record
from edgeopt.report import format as fmt


def warnings(record: Record) -> tuple[str, ...]:
    """A warning where answers have few different values and the source's have many.

    A score that only ranks, or only takes the best class, does not see it.
    """
    found = record.parity
    if found is None or not found.is_coarse:
        return ()
    own, source = fmt.count(found.distinct or 0, "different value"), found.source_distinct or 0
    return (
        f"{record.name} answers only {own} in "
        f"{found.coarsest}, where the source has {fmt.whole(source)}. Whatever uses "
        "the values, such as a threshold, may not work: take a form whose outputs are float.",
    )


def notes(record: Record) -> tuple[str, ...]:
    """Where a candidate is farthest from the source, if that is not an output as a whole."""
    found = record.parity
    if record.status != "ok" or found is None:
        return ()
    told = warnings(record)
    if found.axis is not None and found.sqnr_db is not None:
        told = (f"farthest from the source in {found.worst}: {fmt.decibels(found.sqnr_db)}", *told)
    return told
