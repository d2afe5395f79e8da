"""The best artifact if one must serve all targets, in words."""

from __future__ import annotations

from edgeopt.domain.aim import Aim
from edgeopt.domain.comparison import Single
from edgeopt.domain.record import Record
from edgeopt.report.aim_words import FIRST
from edgeopt.search.aims import OF_TIME
from edgeopt.search.single import NoSingle, SingleBest

#: Times the best latency below which it is the best, as two decimals show it.
FASTEST = 1.005

#: How many times as much it takes, in words around the number.
_TIMES: dict[Aim, tuple[str, str]] = {
    "latency": ("takes", "as long as"),
    "p90": ("has", "the p90 of"),
    "size": ("has", "the size of"),
    "energy": ("takes", "the energy of"),
    "memory": ("takes", "the memory of"),
    "throughput": ("takes", "as long for a sample as"),
}


def in_words(found: SingleBest | NoSingle) -> Single:
    """What was found, with the sentence that says it."""
    if isinstance(found, NoSingle):
        why = _why_none(found)
        return Single(artifact=None, measured=found.measured, aim=found.aim, why=why)
    recipe = found.record.recipe
    assert recipe is not None
    return Single(
        artifact=recipe.conversion_id,
        title=recipe.artifact_title,
        path=found.record.artifact,
        times=found.times,
        aim=found.aim,
        measured=found.measured,
        others=found.others,
        shares=found.shares,
        why=_why(found),
    )


def _why(found: SingleBest) -> str:
    others, measured = ", ".join(found.others), ", ".join(found.measured)
    also = f". Nothing was timed on {others}: there it qualifies by its score" if others else ""
    best = "the best one on" if len(found.measured) == 1 else "each target's best"
    where = f" {measured}" if len(found.measured) == 1 else f" ({measured})"
    average = " on average" * (len(found.measured) > 1)
    verb, times = _TIMES[found.aim]
    worse = f"{verb}{average} {found.times:.2f} times {times} {best}{where}"
    pace = f"is {FIRST[found.aim]} on {measured}" if found.times < FASTEST else worse
    return f"{_title(found.record)}: qualifies on every target, and {pace}{also}."


def _why_none(found: NoSingle) -> str:
    if not found.measured:
        return "nothing was measured, so that no artifact can be called the best."
    if found.nearest is None:
        return "no artifact qualifies on any target."
    title = _title(found.nearest)
    if not found.lacking:
        figure = "timed" if found.aim in OF_TIME else f"measured in {found.aim}"
        return f"{title} qualifies by its score everywhere, but was not {figure} on every device."
    return (
        f"no artifact qualifies on every target; {title} comes nearest and does not on "
        f"{', '.join(found.lacking)}."
    )


def _title(record: Record) -> str:
    assert record.recipe is not None
    return record.recipe.artifact_title
