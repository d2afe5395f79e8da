"""What was taken of the forms in floats, where the inputs are random and nothing is scored."""

from __future__ import annotations

from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.search.choose import qualifying, tied_with


def lead(tied: Record | None) -> str:
    """What the one that was taken is, where another ties with it or none does."""
    return "fastest in floats" if tied is None else "first in floats"


def tied(run: Run, record: Record) -> Record | None:
    """The form in floats that is a little faster and counts as equally fast, or None."""
    choice = run.choice(record.target)
    records = [one for one in run.records if one.target == record.target]
    forms = qualifying(records, run.request.constraints)
    return tied_with(record, forms, choice.baseline_id if choice else None)
