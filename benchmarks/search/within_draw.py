"""One replay's world: what each step of a recorded grid takes and shows.

What is drawn anew in each replay: the seconds of every step (by a lognormal factor), the samples (a
bootstrap of the recorded answers, the same for the source and every form) and the times (moments,
launches and rounds with replacement: `within_noise.py`). What is best is told by all that was
recorded.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.search.within_grid import Grid
from benchmarks.search.within_noise import Blocks, Noise
from edgeopt.domain.recipe import Recipe
from edgeopt.domain.score import Drop, settled
from edgeopt.harness.budget import BUDGETS, Budget
from edgeopt.harness.racing import SURE
from edgeopt.pipeline.growing import SHARES, is_lost
from edgeopt.stats import launches
from edgeopt.stats.proportion import paired_difference

MAX_DROP = 0.01
CLOSE = 1.03  # within 3 % of the best allowed latency
NOISE = 0.15  # of seconds, standard deviation of the logarithm


@dataclass
class Draw:
    """One replay's world: what each step takes and shows. Everything spends the same clock."""

    grid: Grid
    rng: np.random.Generator
    noise: Noise
    now: float = 0.0
    bits: dict[str, np.ndarray] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    answered: dict[str, Drop | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.grid.source)
        self._rows = self.rng.integers(0, n, n)
        self._source = _bits(self.grid.source)[self._rows]
        self.spend(self.grid.begin_s)

    def spend(self, seconds: float) -> None:
        self.now += seconds * float(np.exp(self.rng.normal(0, NOISE)))

    @property
    def launch_s(self) -> float:
        """Of a candidate, on average."""
        return statistics.mean(one.seconds for one in self.grid.timed.values())

    def tried(self, recipe: Recipe, *, growing: bool = True) -> Drop | None:
        """Make and score it, each content once; None where it cannot be had."""
        made = self.grid.made[recipe.conversion_id]
        if recipe.conversion_id not in self.made:
            self.made.add(recipe.conversion_id)
            self.spend(made.seconds)
        if made.why:
            return None
        key = recipe.session_id
        if key not in self.answered:
            self.answered[key] = self._scored(key, growing=growing)
        return self.answered[key]

    def _scored(self, key: str, *, growing: bool) -> Drop | None:
        one = self.grid.answered[key]
        if one.why:
            self.spend(one.few_s)
            return None
        right, n = _bits(one.right)[self._rows], len(self._rows)
        looks = [round(n * share) for share in SHARES] if growing else []
        for look in looks:
            drop = drop_of(self._source[:look], right[:look])
            if is_lost(drop, MAX_DROP):
                few = min(one.few_s, one.scoring_s)
                self.spend(few + (one.scoring_s - few) * look / n)
                return drop
        self.spend(one.scoring_s)
        return drop_of(self._source, right)

    def is_allowed(self, recipe: Recipe) -> bool:
        """By all its samples, whatever was asked of it so far."""
        one = self.grid.answered.get(recipe.session_id)
        if one is None or one.why or not self.runs(recipe):
            return False
        return drop_of(self._source, _bits(one.right)[self._rows]).value <= MAX_DROP

    def runs(self, recipe: Recipe) -> bool:
        return recipe.id in self.grid.timed

    def schedule(self, recipes: Sequence[Recipe], budget: Budget) -> Blocks:
        """One short schedule of these, as `harness/interleaved.py` has it: as many launches as
        they ask for, of so many rounds.
        """
        typical_ns = [1e3 * self.noise.us[recipe.id] for recipe in recipes]
        count = budget.looks[0] if budget.repeats(typical_ns) else 1
        found: Blocks = {recipe.id: [] for recipe in recipes}
        for number in range(count):
            self.launch(recipes, budget.rounds_for(typical_ns, number), found)
        return found

    def raced(self, recipes: Sequence[Recipe], pacing: Sequence[Recipe]) -> Blocks:
        """A screen: what a launch shows clearly slower than the pace is in no later one.

        As `harness/racing.py` has it.
        """
        budget = BUDGETS["screen"]
        typical_ns = [1e3 * self.noise.us[recipe.id] for recipe in recipes]
        count = budget.looks[0] if budget.repeats(typical_ns) else 1
        found: Blocks = {recipe.id: [] for recipe in recipes}
        alive = list(recipes)
        for number in range(count):
            self.launch(alive, budget.rounds_for(typical_ns, number), found)
            paces = [found[recipe.id] for recipe in pacing]
            first = min(paces, key=median_us, default=None)
            alive = [r for r in alive if not _is_behind(found[r.id], first, budget)]
        return found

    def launch(self, recipes: Sequence[Recipe], rounds: int, onto: Blocks) -> None:
        """One launch more of each, interleaved; its time is spent."""
        for recipe, blocks in zip(
            recipes, self.noise.launch(self.rng, recipes, rounds), strict=True
        ):
            self.spend(self.grid.timed[recipe.id].seconds)
            onto[recipe.id].append(blocks)

    def true_us(self, recipe: Recipe) -> float:
        """By all that was recorded."""
        return self.noise.us[recipe.id]

    def best_us(self) -> float:
        """The best allowed latency: allowed by all samples of this draw, by all times recorded."""
        return min(self.true_us(r) for r in self.grid.recipes if self.is_allowed(r))


def _is_behind(own: list[np.ndarray], first: list[np.ndarray] | None, budget: Budget) -> bool:
    if first is None or own is first:
        return False
    pairs = [np.log(a / b) for a, b in zip(own, first, strict=False)]
    behind = statistics.mean(float(np.median(one)) for one in pairs)
    luck = launches.ratio_sd(1e3 * median_us(own), 1e3 * median_us(first)) / math.sqrt(len(own))
    return behind > math.log(budget.leave_at) + SURE * luck


def median_us(blocks: list[np.ndarray]) -> float:
    """Of all blocks, as `harness/figures.py` has it."""
    return float(np.median(np.concatenate(blocks)))


def share_of(own: list[np.ndarray], over: list[np.ndarray]) -> float:
    """Its time in that of another of the same schedule, as `stats/ratio.py` has it."""
    logs = [np.log(a / b) for a, b in zip(own, over, strict=False)]
    return float(np.exp(np.median(np.concatenate(logs))))


def _bits(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8) == ord("1")


def drop_of(source: np.ndarray, right: np.ndarray) -> Drop:
    """The paired drop of accuracy with the interval that `optimize` takes."""
    n = len(source)
    lost, won = int((source & ~right).sum()), int((~source & right).sum())
    low, high = paired_difference(n, lost, won)
    return Drop(
        value=(lost - won) / n, low=low, high=high, interval="paired", n=n,
        resolved=settled(low, high, MAX_DROP, n, None),
    )  # fmt: skip
