"""What a candidate takes at one stated size of an axis that stays open."""

from __future__ import annotations

from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.model import Value


class AtSize(Value, kw_only=True, frozen=True):
    """One size, of one interleaved schedule over all sizes.

    Attributes:
        samples: of the held-out samples, how many are fed at it.
        latency_ms: null where it did not run there, or the machine spoiled the figures (`reason`).
        versus_baseline: over the baseline at the same size; null for the baseline itself.
    """

    size: int
    samples: int
    latency_ms: Latency | None
    versus_baseline: Verdict | None = None
    reason: str = ""
