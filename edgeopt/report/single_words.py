"""The best artifact if one must serve all targets, in words."""

from __future__ import annotations

from edgeopt.domain.comparison import Single
from edgeopt.domain.record import Record
from edgeopt.search.single import NoSingle, SingleBest


def in_words(found: SingleBest | NoSingle) -> Single:
    """What was found, with the sentence that says it."""
    if isinstance(found, NoSingle):
        return Single(artifact=None, measured=found.measured, why=_why_none(found))
    recipe = found.record.recipe
    assert recipe is not None
    return Single(
        artifact=recipe.conversion_id,
        title=recipe.artifact_title,
        path=found.record.artifact,
        times=found.times,
        measured=found.measured,
        others=found.others,
        shares=found.shares,
        why=_why(found),
    )


def _why(found: SingleBest) -> str:
    others = ", ".join(found.others)
    also = f"; it qualifies by its score alone on {others}" if others else ""
    return (
        f"{_title(found.record)}: qualifies on every target, and takes {found.times:.2f} times "
        f"each target's best on average over {', '.join(found.measured)}{also}."
    )


def _why_none(found: NoSingle) -> str:
    if not found.measured:
        return "nothing was measured, so that no artifact can be called the best."
    if found.nearest is None:
        return "no artifact qualifies on any target."
    title = _title(found.nearest)
    if not found.lacking:
        return f"{title} qualifies by its score everywhere, but was not timed on every device."
    return (
        f"no artifact qualifies on every target; {title} comes nearest and does not on "
        f"{', '.join(found.lacking)}."
    )


def _title(record: Record) -> str:
    assert record.recipe is not None
    return record.recipe.artifact_title
