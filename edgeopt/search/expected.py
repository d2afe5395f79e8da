"""What a form is expected to take and to gain, before it is tried: pure functions of values.

A table from recorded grids says what is usual. What this very run has measured says more: the fp32
time of a runtime, how far its other precisions were from the table, what was not allowed.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgeopt.domain.recipe import Recipe
from edgeopt.search.usual import TABLE, Family, Pair, Share, Table

FLOATS = ("as-is", "fp32")
UNKNOWN = Share(0.9, 0.4)
OWN_TABLE_S = 10.0  # of a pair that is in no table
#: How often a precision kept what was asked, of 1, and how many forms that counts for.
KEPT: Mapping[str, float] = {"int8-static": 0.75, "int8-dynamic": 0.9, "bf16": 0.9}
KEPT_OTHER, KEPT_COUNTS = 0.95, 2
EARLIER = 0.25  # spread of what earlier runs showed
#: Where the table is wrong about a precision: this part of the error comes from the network, and
#: the rest from the runtime.
COMMON = 0.5
THREADS = Share(1.0, 0.15)  # another number of threads, beside a form that was timed
STRANGE = Share(1.3, 0.5)  # a runtime whose fp32 was not timed, beside the fastest
BROKEN = 0.3  # chance of other forms, where the fp32 one does not run


@dataclass(frozen=True)
class Seen:
    """What is known of one recipe that was tried.

    Attributes:
        ms: of the last schedule it was in, on the scale of all (`aims.on_one_scale`); None: it was
            in none, or does not run.
        sure: that was more than one short launch.
        compared: it is what the others' times are compared with.
        runs: it can be timed. allowed: it keeps what was asked, as far as is known.
    """

    recipe: Recipe
    runs: bool
    allowed: bool = False
    ms: float | None = None
    sure: bool = False
    compared: bool = False


@dataclass(frozen=True)
class Costs:
    """What was seen to be taken: in this run, and by earlier runs on this kind of target.

    Attributes:
        made_s: by runtime and precision, in this run: seconds to make and score one.
        make_s, share: by earlier runs: the same, and its time as a share of the fp32 of its
            runtime. allowed: how often it kept what was asked, of 1.
        launch_s: of one candidate in one launch.
        family: of the model, by what it computes most.
        table: what is usual where nothing was seen.
    """

    made_s: Mapping[Pair, float] = field(default_factory=dict)
    make_s: Mapping[Pair, float] = field(default_factory=dict)
    share: Mapping[Pair, float] = field(default_factory=dict)
    allowed: Mapping[Pair, float] = field(default_factory=dict)
    launch_s: float = 0.8
    family: Family = "convolutions"
    table: Table = TABLE

    def tried_s(self, recipe: Recipe) -> float:
        """Seconds that making and scoring one is expected to take.

        What was made so far tells how many times as long as usual it takes on this machine.
        """
        pair = pair_of(recipe)
        if pair in self.made_s:
            return self.made_s[pair]
        slower = [seconds / self._usual_s(one) for one, seconds in self.made_s.items()]
        return self._usual_s(pair) * statistics.median(slower or [1.0])

    def _usual_s(self, pair: Pair) -> float:
        return self.make_s.get(pair, self.table.seconds.get(pair, OWN_TABLE_S))

    def share_of(self, pair: Pair) -> Share:
        """Its expected time, in the fp32's of its runtime, before this run."""
        if pair in self.share:
            return Share(self.share[pair], EARLIER)
        own = self.table.own.get(self.family, {}).get(pair)
        return own or self.table.shares[self.family].get(pair[1], UNKNOWN)

    def pace_of(self, runtime: str) -> Share | None:
        """Its fp32's expected time, in the baseline's, before this run; None: no table tells."""
        return self.table.paces.get(self.family, {}).get(runtime)

    def kept_of(self, pair: Pair) -> float:
        """How likely it keeps what was asked, of 1, before this run."""
        return max(0.1, self.allowed.get(pair, KEPT.get(pair[1], KEPT_OTHER)))


def pair_of(recipe: Recipe) -> Pair:
    """Its runtime and precision."""
    return recipe.runtime, recipe.precision


@dataclass(frozen=True)
class Beliefs:
    """What this run has shown so far, on top of what is usual.

    Attributes:
        paces: milliseconds of each runtime's fp32. best_ms: of what is allowed.
        timed: milliseconds of the fastest form by runtime and precision.
    """

    seen: Sequence[Seen]
    costs: Costs
    paces: Mapping[str, float]
    best_ms: float
    timed: Mapping[Pair, float]

    @classmethod
    def of(cls, seen: Sequence[Seen], costs: Costs) -> Beliefs:
        timed: dict[Pair, float] = {}
        for one in seen:
            if one.ms is not None:
                pair = pair_of(one.recipe)
                timed[pair] = min(one.ms, timed.get(pair, one.ms))
        paces = {runtime: ms for (runtime, precision), ms in timed.items() if precision in FLOATS}
        kept = [one.ms for one in seen if one.allowed and one.runs and one.ms is not None]
        best = min(kept, default=min(paces.values(), default=1.0))
        return cls(seen, costs, paces, best, timed)

    def expected(self, recipe: Recipe) -> Share:
        """Milliseconds."""
        pair = pair_of(recipe)
        if pair in self.timed:
            return Share(self.timed[pair] * THREADS.median, THREADS.spread)
        pace = self._pace(recipe.runtime)
        share = THREADS if recipe.precision in FLOATS else self._share(pair)
        return Share(pace.median * share.median, math.hypot(share.spread, pace.spread))

    def _pace(self, runtime: str) -> Share:
        """Milliseconds of its fp32: timed, or what is usual beside those that were."""
        if runtime in self.paces:
            return Share(self.paces[runtime], 0.0)
        usual = self.costs.pace_of(runtime)
        known = {one: pace for one in self.paces if (pace := self.costs.pace_of(one))}
        if usual is None or not known:
            return Share(STRANGE.median * min(self.paces.values(), default=1.0), STRANGE.spread)
        off = [math.log(self.paces[one] / pace.median) for one, pace in known.items()]
        return Share(usual.median * math.exp(statistics.mean(off)), usual.spread)

    def _share(self, pair: Pair) -> Share:
        """Moved by what other runtimes' forms of that precision were off by in this run."""
        usual = self.costs.share_of(pair)
        off = [
            math.log(ms / self.paces[runtime] / self.costs.share_of((runtime, precision)).median)
            for (runtime, precision), ms in self.timed.items()
            if precision == pair[1] and runtime in self.paces
        ]
        if not off:
            return usual
        weight = COMMON * len(off) / (1 + (len(off) - 1) * COMMON)
        median = usual.median * math.exp(weight * statistics.mean(off))
        return Share(median, usual.spread * math.sqrt(1 - COMMON * weight))

    def chance(self, recipe: Recipe) -> float:
        """How likely it runs and keeps what was asked, of 1."""
        like = [one for one in self.seen if one.recipe.precision == recipe.precision]
        kept = KEPT_COUNTS * self.costs.kept_of(pair_of(recipe)) + sum(one.allowed for one in like)
        chance = kept / (KEPT_COUNTS + len(like))
        floats = [one for one in self.seen if one.recipe.precision in FLOATS]
        own = [one.runs for one in floats if one.recipe.runtime == recipe.runtime]
        return chance if any(own) or not own else BROKEN * chance

    def gain(self, recipe: Recipe) -> float:
        """Expected improvement on the best that is allowed, as a share of its time.

        Of a log-normal time X and the best b: E max(b - X, 0) / b, in closed form (Jones et al.,
        1998, for normal ones; as an option is priced, for these).
        """
        ms, spread = self.expected(recipe)
        high = math.log(self.best_ms / ms) / spread
        below = statistics.NormalDist().cdf
        mean = ms * math.exp(spread**2 / 2)
        gained = below(high) - mean / self.best_ms * below(high - spread)
        return self.chance(recipe) * max(0.0, gained)
