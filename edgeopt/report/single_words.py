"""The best artifact if one must serve all targets, in words."""

from __future__ import annotations

from edgeopt.domain.comparison import Single
from edgeopt.domain.record import Record
from edgeopt.search.single import NoSingle, SingleBest

#: Times the best latency below which it is the best, as two decimals show it.
FASTEST = 1.005


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
    others, measured = ", ".join(found.others), ", ".join(found.measured)
    also = f". Nothing was timed on {others}: there it qualifies by its score" if others else ""
    times = f"{found.times:.2f} times as long as"
    slower = (
        f"takes {times} the best one on {measured}"
        if len(found.measured) == 1
        else f"takes on average {times} each target's best ({measured})"
    )
    pace = f"is the fastest on {measured}" if found.times < FASTEST else slower
    return f"{_title(found.record)}: qualifies on every target, and {pace}{also}."


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
