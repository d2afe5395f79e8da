"""The two candidates of an explanation, out of a run's records."""

from __future__ import annotations

from edgeopt.domain.explanation import Side
from edgeopt.domain.latency import Verdict
from edgeopt.domain.record import Record
from edgeopt.domain.time_profile import TimeProfile


def side(record: Record, profile_of: TimeProfile) -> Side:
    """A candidate with its profile."""
    assert record.recipe is not None
    return Side(
        recipe_id=str(record.recipe_id),
        title=record.title,
        runtime=record.runtime,
        precision=record.precision,
        threads=record.recipe.threads,
        latency_ms=record.latency_ms if record.kind == "measured" else None,
        profile=profile_of,
    )


def verdict(a: Record, b: Record) -> Verdict | None:
    """The run's own verdict on these two, if it compared them."""
    for found in (a.speedup, a.versus_baseline):
        if found is not None and found.over == b.recipe_id:
            return found
    for found in (b.speedup, b.versus_baseline):
        if found is not None and found.over == a.recipe_id:
            return found.reversed(str(b.recipe_id))
    return None
