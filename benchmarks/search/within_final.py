"""The deciding schedule of a replay, and how what was timed is ranked: as `optimize` does."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benchmarks.search.within_draw import Draw, median_us, share_of
from benchmarks.search.within_noise import Blocks
from edgeopt.domain.latency import Latency
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.score import Drop
from edgeopt.harness.budget import BUDGETS
from edgeopt.search import choose
from edgeopt.search.ending import in_final
from edgeopt.stats import launches
from edgeopt.stats.quantile import median_interval
from edgeopt.stats.verdict import LEVEL, MARGIN, corrected

Told = tuple[Recipe, float, Drop | None]


def ranked(told: Sequence[Told]) -> list[Recipe]:
    """As `search/choose.py` ranks what was measured together, or beside one baseline.

    Args:
        told: (recipe, its time in microseconds on one scale, its drop).
    """
    records = [_record(recipe, us, drop) for recipe, us, drop in told]
    return [record.recipe for record in choose.ranked(records) if record.recipe]


def _record(recipe: Recipe, us: float, drop: Drop | None) -> Record:
    latency = Latency(
        p50=us / 1e3, p50_low=us / 1e3, p50_high=us / 1e3, p90=None, n=1, launches=1, stage="final"
    )
    return Record(
        target="", device="", runtime=recipe.runtime, precision=recipe.precision,
        recipe_id=recipe.id, recipe=recipe, status="ok", step=None, latency_ms=latency, drop=drop,
    )  # fmt: skip


def final(
    draw: Draw, among: Sequence[Recipe], compared: Recipe | None, limit_s: float
) -> Recipe | None:
    """The deciding schedule: the first of the finalists, ranked as `Final` ranks them.

    More launches while a verdict is open that has a say (`Plan.is_clear`) and there is time.

    Args:
        compared: what all are compared with; it is in the schedule, as its twin is.
    """
    if not among:
        return None
    baseline = compared or among[0]
    group = list({recipe.id: recipe for recipe in (*among, baseline)}.values())
    blocks: Blocks = {recipe.id: [] for recipe in group}
    more_arms, began, done = in_final(len(among)) - len(group), draw.now, 0
    budget = BUDGETS["standard"]
    for count in budget.looks:
        more = count - done
        if done and more / done * (draw.now - began) > limit_s - draw.now:
            break
        for _ in range(more):
            draw.launch(group, budget.rounds, blocks)
        draw.spend(more * more_arms * draw.launch_s)
        done = count
        if _is_clear(blocks, [recipe.id for recipe in among], baseline.id):
            break
    told = [(r, median_us(blocks[r.id]), draw.answered[r.session_id]) for r in among]
    return ranked(told)[0]


def _is_clear(blocks: Blocks, keys: Sequence[str], baseline: str) -> bool:
    """Whether nothing more need be measured: `verdicts.settled` and `verdicts.led`.

    Intervals are those of launches and of pairs; the bootstrap that a run has beside them, and the
    noise of the twin, are left out.
    """
    first = min(keys, key=lambda key: median_us(blocks[key]))
    clear = all(_word(blocks, key, baseline)[0] for key in keys if key != baseline)
    return clear and all(
        decided or high <= math.log1p(MARGIN) or _out_of_reach(blocks, key, first, len(keys))
        for key in keys
        if key != first
        for decided, high in (_word(blocks, key, first),)
    )


def _word(blocks: Blocks, key: str, over: str) -> tuple[bool, float]:
    """Whether there is a word but INCONCLUSIVE, and the upper end of the interval."""
    pairs = [np.log(b / a) for a, b in zip(blocks[key], blocks[over], strict=True)]
    level = corrected(LEVEL, len(BUDGETS["standard"].looks), max(1, len(blocks) - 1))
    sd = launches.ratio_sd(1e3 * median_us(blocks[key]), 1e3 * median_us(blocks[over]))
    low, high = launches.interval(pairs, level, sd)
    by_pairs = median_interval(np.concatenate(pairs), level)
    if by_pairs is None:
        return False, math.inf
    low, high = min(low, by_pairs[0]), max(high, by_pairs[1])
    margin = math.log1p(MARGIN)
    return low > 0.0 or high < 0.0 or (-margin <= low and high <= margin), high


def _out_of_reach(blocks: Blocks, key: str, over: str, candidates: int) -> bool:
    """As `verdicts.is_out_of_reach`."""
    looks = BUDGETS["standard"].looks
    level = corrected(LEVEL, len(looks), max(1, len(blocks) - 1))
    sd = launches.ratio_sd(1e3 * median_us(blocks[key]), 1e3 * median_us(blocks[over]))
    half = launches.least_half(looks[-1], level, sd)
    centre = -math.log(share_of(blocks[key], blocks[over]))
    return centre - half < 0.0 and centre + half > math.log1p(MARGIN)
