"""The order of suggestions of a target that nothing was timed on, and what each rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeopt.domain.record import Record
from edgeopt.domain.run import Choice
from edgeopt.report import answer, suggestion_words
from edgeopt.report import format as fmt
from edgeopt.report.side_table import SideTable

SHOWN = 12
"""Forms that are shown; run.json has all."""


def suggested(choice: Choice | None, records: Sequence[Record]) -> Iterator[SideTable]:
    """The first forms in their order; nothing where the target was timed."""
    suggestion = choice.suggestion if choice else None
    if suggestion is None:
        return
    by_id = {str(record.recipe_id): record for record in records}
    rows = []
    for place, one in enumerate(suggestion.order[:SHOWN], start=1):
        record = by_id.get(one.recipe_ids[0])
        lost = answer.loss(record.drop) if record and record.drop else fmt.DASH
        size = fmt.size(record.size_bytes if record else None)
        rows.append((str(place), one.name, lost, str(size), suggestion_words.short(one)))
    left = len(suggestion.order) - len(rows)
    more = f" {left} more are in run.json." if left > 0 else ""
    yield SideTable(
        "The order of suggestions, by evidence",
        f"{suggestion_words.ABOUT} Most of what the model computes is {suggestion.network.work}."
        f"{more} {suggestion_words.settle(suggestion)}",
        ("", "form", "loses", "size", "evidence of its time"),
        tuple(rows),
    )
