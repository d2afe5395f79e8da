"""An artifact under load for minutes: what heat and throttling do to it."""

from __future__ import annotations

from edgeopt.domain.case import Case
from edgeopt.domain.model import Value


class Minute(Value, kw_only=True, frozen=True):
    """One minute, counted from 0.

    Attributes:
        p90_ms: by the early-stopping rule; null below 64 runs.
        n: runs that began in it.
        temperature_c, clock_mhz, load_1m: medians of the readings around its blocks (load_1m is
            the load average); null where the machine has no such reading.
    """

    minute: int
    n: int
    p50_ms: float
    p90_ms: float | None
    temperature_c: float | None
    clock_mhz: float | None
    load_1m: float | None


class Sustained(Case, kw_only=True, frozen=True):
    """One artifact, alone on the machine for the whole time.

    Attributes:
        duration_s: from the first run to the end of the last.
        burst_p50_ms: of the first 10 s (or the first third, if that is shorter).
        steady_p50_ms: of the last third.
        slowdown: steady / burst.
        cooled_s: pause before it began; 0 for the first.
        start_temperature_c: when it began.
        notes: what a reader has to know.
    """

    duration_s: float | None
    minutes: tuple[Minute, ...]
    burst_p50_ms: float | None
    steady_p50_ms: float | None
    slowdown: float | None
    cooled_s: float
    start_temperature_c: float | None
    notes: tuple[str, ...] = ()


class Ranking(Value, kw_only=True, frozen=True):
    """The order of artifacts that were under load one after the other. It describes one day
    on one machine: nothing was interleaved, so there is no verdict.

    Attributes:
        burst, steady: places in the table, the fastest first.
        swapped: pairs of places (a, b): a is faster in the burst, b in the steady state, each
            by more than the margin.
        margin: the share below which a difference counts as none.
    """

    burst: tuple[int, ...]
    steady: tuple[int, ...]
    swapped: tuple[tuple[int, int], ...]
    margin: float
