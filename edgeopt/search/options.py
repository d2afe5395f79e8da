"""Which settings of a session are worth a try on a candidate. Pure functions of recipes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec

from edgeopt import runtimes
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.runtimes.spec import OptionSet
from edgeopt.search import providers
from edgeopt.stats import launches
from edgeopt.stats.verdict import LEVEL, corrected


@dataclass(frozen=True)
class SweepEffort:
    """How much is tried: so many leading candidates, each with so many sets of settings."""

    leaders: int
    sets: int


#: By the name of the final schedule (harness/budget.py).
EFFORTS = {
    "quick": SweepEffort(leaders=1, sets=2),
    "standard": SweepEffort(leaders=3, sets=4),
    "submission": SweepEffort(leaders=3, sets=4),
}


#: What a setting wins at most where an inference takes less than 30 us: of 155 comparisons in 74
#: schedules the best was 1.14 (docs/decisions/0065-time-goes-where-it-decides.md).
MOST_WON = 1.15


#: The same of anything, on machines at work: a thread that is pinned while others move.
MOST_WON_ANYWHERE = 2.2


def can_tell(p50_ms: float, looks: Sequence[int], measured: int) -> bool:
    """Whether a schedule could call a setting FASTER that wins so much, if its launches agreed.

    Args:
        p50_ms: of the candidate. looks: of the schedule, in launches. measured: sessions in it:
            each is compared with one of them, and its interval is wider for that.
    """
    if p50_ms <= 0.0:
        return False
    sd = launches.ratio_sd(p50_ms * 1e6 / MOST_WON, p50_ms * 1e6)
    level = corrected(LEVEL, len(looks), max(1, measured - 1))
    return launches.least_half(looks[-1], level, sd) < math.log(MOST_WON)


def leading(queue: Sequence[Record], most: int) -> list[Record]:
    """Whose settings are tried: the first of a queue, and one of another runtime that may be first.

    A short screening on a busy machine does not tell forms apart that differ by half. If settings
    were tried on its first one alone, that one would win by them.

    Args:
        queue: best first. most: so many, without those that no setting brings near the first.
    """
    first = [record for record in queue[:most] if not is_far(record, queue[0])]
    own = {record.runtime for record in first}
    others = [r for r in queue[most:] if r.runtime not in own and may_be_as_fast(r, queue[0])]
    return first + others[:1]


def may_be_as_fast(record: Record, first: Record) -> bool:
    """Whether their intervals over one baseline meet; the baseline itself is at 1."""
    low, high = _over(first)[0], _over(record)[1]
    return low is not None and high is not None and high >= low


def is_far(record: Record, first: Record) -> bool:
    """Whether one is slower than another by more than settings win, in the same screening."""
    ours, theirs = record.latency_ms, first.latency_ms
    if ours is None or theirs is None or may_be_as_fast(record, first):
        return False
    return ours.p50 > MOST_WON_ANYWHERE * theirs.p50


def _over(record: Record) -> tuple[float | None, float | None]:
    verdict = record.versus_baseline
    return (1.0, 1.0) if verdict is None else (verdict.low, verdict.high)


def variants(recipe: Recipe, features: Collection[str], cores: int, most: int) -> list[Recipe]:
    """The recipe with other settings, at most so many, in the order of its runtime's table.

    Args:
        features: instruction set flags of the device.
        cores: how many it has.
    """
    if providers.of(recipe) != "CPU":  # the settings are the processor's
        return []
    changed = [
        msgspec.structs.replace(
            recipe, options={**recipe.options, **options.options}, affinity=options.affinity
        )
        for options in runtimes.spec(recipe.runtime).option_sets
        if _applies(options, recipe, features, cores)
    ]
    distinct = {variant.id: variant for variant in changed if variant.id != recipe.id}
    return list(distinct.values())[:most]


def _applies(options: OptionSet, recipe: Recipe, features: Collection[str], cores: int) -> bool:
    return (
        (not options.precisions or recipe.precision in options.precisions)
        and (not options.needs_any or bool(set(options.needs_any) & set(features)))
        and recipe.threads >= options.least_threads
        and (not options.spare_cores or recipe.threads < cores)
    )
