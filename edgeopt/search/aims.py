"""The figure that a run aims at, of records: pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.aim import Aim
from edgeopt.domain.record import Record

#: Aims at a time: a form that is faster is better, and fewer threads are worth something.
OF_TIME: frozenset[Aim] = frozenset({"latency", "p90", "throughput"})


def cost(record: Record, aim: Aim) -> float | None:
    """What is to be little: ms, bytes or mJ; None where it is not known.

    The p90 of so few runs that it has none counts as the median. Of a throughput it is a
    sample's time, of so many as a run takes at once. Times are of the record's own schedule:
    `relative` makes those of two comparable.
    """
    if aim == "size":
        return record.size_bytes
    if aim == "memory":
        return record.executed.memory_bytes if record.executed else None
    if aim == "energy":
        return record.energy.gross_mj if record.energy else None
    latency = record.latency_ms
    if latency is None:
        return None
    if aim == "throughput":
        return latency.p50 / (record.recipe.batch if record.recipe else 1)
    return latency.p90 if aim == "p90" and latency.p90 is not None else latency.p50


def share_of_baseline(record: Record, baseline: str | None) -> float | None:
    """Latency relative to the baseline's in the same schedule; None where it did not run in it."""
    if record.recipe_id == baseline:
        return 1.0
    return 1.0 / record.versus_baseline.ratio if record.versus_baseline else None


def relative(record: Record, aim: Aim, baseline: str | None) -> float | None:
    """The cost of a record, comparable with that of records of other schedules, or None.

    Of times it is relative to the baseline's median in the same schedule.
    """
    value = cost(record, aim)
    if aim not in OF_TIME or value is None or record.latency_ms is None:
        return value
    share = share_of_baseline(record, baseline)
    if share is None or aim != "p90":
        return share
    return share * value / record.latency_ms.p50


def costs(
    records: Sequence[Record], aim: Aim, baseline: str | None
) -> dict[tuple[str, str, str], float]:
    """The costs of those that have one, by their keys, all of one kind.

    Relative ones where each record has one, else as they were measured.
    """
    plain = {r.key: value for r in records if (value := cost(r, aim)) is not None}
    against = {r.key: value for r in records if (value := relative(r, aim, baseline)) is not None}
    return against if len(against) == len(plain) else plain


def on_one_scale(
    records: Sequence[Record], baseline: str | None
) -> dict[tuple[str, str, str], float]:
    """Milliseconds of those that were timed, by their keys: those of all schedules comparable.

    A busy minute slows all of a schedule alike. What was timed beside the baseline has the
    baseline's latest time by the share that it took of it there; what was not, its own median.
    """
    latest = next((r.latency_ms.p50 for r in records
                   if r.recipe_id == baseline and r.latency_ms), None)  # fmt: skip
    found = {}
    for record in records:
        if record.latency_ms is None:
            continue
        versus = record.versus_baseline
        if latest is not None and versus is not None and versus.over == baseline:
            found[record.key] = latest / versus.ratio
        else:
            found[record.key] = record.latency_ms.p50
    return found
