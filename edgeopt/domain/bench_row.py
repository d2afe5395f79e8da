"""One line of `edgeopt bench`."""

from __future__ import annotations

from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.model import Value
from edgeopt.domain.start import Start


class BenchRow(Value, kw_only=True, frozen=True):
    """One artifact with one thread count: figures, or `reason` why there are none.

    Attributes:
        versus: the verdict against the baseline, None for that row itself.
        precision: what ran, as the runtime reports it; None where it does not.
        start: opening it, its first inference, its memory; None if it was not opened.
    """

    path: str
    runtime: str
    threads: int
    latency_ms: Latency | None
    versus: Verdict | None
    precision: str | None
    start: Start | None
    reason: str = ""
