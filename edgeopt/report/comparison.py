"""A run as one table over its targets, with what is said of each and of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeopt.domain.comparison import Column, Comparison
from edgeopt.domain.published import Published
from edgeopt.domain.record import Record
from edgeopt.domain.run import Run
from edgeopt.domain.target import Profile
from edgeopt.report import single_words
from edgeopt.search import side_by_side


def comparison(
    run: Run, profiles: Mapping[str, Profile], published: Sequence[Published] = ()
) -> Comparison:
    """Everything of a run's targets side by side.

    Args:
        profiles: by target. published: what predictions are made from.
    """
    records = side_by_side.records_by_target(run)
    return Comparison(
        folder=run.folder,
        columns=tuple(_column(run, name, own) for name, own in records.items()),
        lines=side_by_side.lines(run, profiles, published),
        single=single_words.in_words(side_by_side.single_of(run)),
    )


def _column(run: Run, target: str, records: Sequence[Record]) -> Column:
    choice = run.choice(target)
    record = run.record(target, choice.recipe_id) if choice and choice.recipe_id else None
    devices = [r.device for r in records if r.recipe]
    return Column(
        target=target,
        device=devices[0] if devices else "none",
        basis=choice.basis if choice else None,
        recipe_id=choice.recipe_id if choice else None,
        title=record.title if record else "",
        why=choice.why if choice else "nothing chosen yet.",
        bundle=choice.bundle if choice else None,
    )
