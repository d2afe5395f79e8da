"""Latency of one artifact on one device. Only a measurement may fill these."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgeopt.domain.model import Value

VerdictWord = Literal["FASTER", "SLOWER", "EQUIVALENT", "INCONCLUSIVE"]


class Latency(Value, kw_only=True, frozen=True):
    """Steady-state latency, host to host: of one run, of as many samples as the recipe takes.

    Attributes:
        p50: median; `p50_low`, `p50_high` its 95 % interval.
        p90, p99: by LoadGen's early-stopping rule; null below 64 and 662 samples.
        least: the shortest sample. outliers: share of samples farther than 3 scaled median
            absolute deviations from the median; none is dropped.
        n: samples in the steady state. launches: fresh processes they came from.
        stage: "screen" (few short launches, to rank) or "final" (longer, to choose).
        budget: the schedule's name, as `budget=` takes it.
        spoiled: what makes these figures unfit to be ranked, () where nothing does.
    """

    p50: float
    p50_low: float
    p50_high: float
    p90: float | None
    p99: float | None = None
    least: float | None = None
    outliers: float | None = None
    n: int
    launches: int
    stage: Literal["screen", "final"]
    budget: str = ""
    spoiled: tuple[str, ...] = ()


class Verdict(Value, kw_only=True, frozen=True):
    """Between two artifacts measured in interleaved blocks.

    Attributes:
        ratio: how many times as fast as `over` (above 1 is faster); low, high its
            interval, null where there are too few pairs for one.
        over: the recipe id it is compared with.
        pairs, launches: what the interval rests on.
        margin: the share below which a difference counts as none.
        noise: by what share the baseline differed from its own twin in the same schedule;
            0 where no twin was measured.
    """

    word: VerdictWord
    ratio: float
    low: float | None
    high: float | None
    over: str
    pairs: int
    launches: int
    margin: float
    noise: float = 0.0

    @property
    def told_apart(self) -> bool:
        """Whether the interval says which one is the faster; none tells nothing."""
        return self.low is not None and self.high is not None and not self.low <= 1.0 <= self.high

    def reversed(self, over: str) -> Verdict:
        """The same the other way round: how many times as fast `over`'s opponent is."""
        words: dict[VerdictWord, VerdictWord] = {"FASTER": "SLOWER", "SLOWER": "FASTER"}
        return msgspec.structs.replace(
            self,
            word=words.get(self.word, self.word),
            ratio=1 / self.ratio,
            low=None if self.high is None else 1 / self.high,
            high=None if self.low is None else 1 / self.low,
            over=over,
        )
