"""How many inferences a second several sessions of one artifact make together."""

from __future__ import annotations

from edgeopt.domain.case import Case


class Throughput(Case, kw_only=True, frozen=True):
    """Streams side by side: one session and one calling thread each.

    Attributes:
        streams: sessions; each has `threads` threads.
        per_s: inferences a second of all streams together: the median of the slices.
        per_s_low, per_s_high: its 95 % interval by order statistics; null below 6 slices.
        p50_ms, p90_ms: of single inferences under this load; p90 by the early-stopping rule.
        counts: inferences of each stream, all slices together.
        peak_rss_bytes: of the process with all its sessions.
        memory_bytes: that, minus what Python and the runtime held before the model.
        notes: what a reader has to know.
    """

    streams: int
    per_s: float | None
    per_s_low: float | None
    per_s_high: float | None
    p50_ms: float | None
    p90_ms: float | None
    counts: tuple[int, ...]
    slices: int
    peak_rss_bytes: int | None
    memory_bytes: int | None
    notes: tuple[str, ...] = ()
