"""Latency of one artifact on one device. Only a measurement may fill these."""

from __future__ import annotations

from typing import Literal

from edgeopt.domain.model import Value

VerdictWord = Literal["FASTER", "SLOWER", "EQUIVALENT", "INCONCLUSIVE"]


class Latency(Value, kw_only=True, frozen=True):
    """Steady-state latency, host to host, batch 1.

    Attributes:
        p50: median; `p50_low`, `p50_high` its 95 % interval.
        p90: by LoadGen's early-stopping rule; null below 64 samples.
        n: samples in the steady state. launches: fresh processes they came from.
        stage: "screen" (one launch, to rank) or "final" (several, to choose).
    """

    p50: float
    p50_low: float
    p50_high: float
    p90: float | None
    n: int
    launches: int
    stage: Literal["screen", "final"]


class Verdict(Value, kw_only=True, frozen=True):
    """Between two artifacts measured in interleaved blocks.

    Attributes:
        ratio: how many times as fast as `over` (above 1 is faster); low, high its
            interval, null where there are too few pairs for one.
        over: the recipe id it is compared with.
        pairs, launches: what the interval rests on.
        margin: the share below which a difference counts as none.
    """

    word: VerdictWord
    ratio: float
    low: float | None
    high: float | None
    over: str
    pairs: int
    launches: int
    margin: float
