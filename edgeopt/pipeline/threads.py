"""One form with every number of threads: it is converted and scored already."""

from __future__ import annotations

from collections.abc import Sequence

from edgeopt.domain.record import Record
from edgeopt.pipeline.target_run import TargetRun
from edgeopt.search.alternatives import thread_counts


def with_all_threads(run: TargetRun, records: Sequence[Record], form: Record) -> tuple[Record, ...]:
    """A form and what it is with the other numbers of threads that its runtime was tried with.

    Args:
        records: of the target, whose numbers of threads are the profile's.

    Returns:
        The form first; then those of the others that can be timed.

    Raises:
        DeviceFailed: the device was lost.
    """
    assert form.recipe is not None
    known = {record.recipe_id: record for record in records}
    recipes = [
        form.recipe.with_threads(count)
        for count in thread_counts(records, form)
        if count != form.recipe.threads
    ]
    new = run.evaluated([recipe for recipe in recipes if recipe.id not in known])
    known |= {record.recipe_id: record for record in new}
    others = (known[recipe.id] for recipe in recipes)
    return (form, *(record for record in others if run.can_time(record)))
