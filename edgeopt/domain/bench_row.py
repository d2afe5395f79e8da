"""What `edgeopt bench` finds: a row for each artifact."""

from __future__ import annotations

from typing import Any

from edgeopt.domain.energy import Energy
from edgeopt.domain.finding import Finding
from edgeopt.domain.latency import Latency, Verdict
from edgeopt.domain.model import Value
from edgeopt.domain.start import Start


class Parts(Value, kw_only=True, frozen=True):
    """Where the time from a photo to its answer goes: of each part the median of blocks' means.

    Attributes:
        suppress_ms: non-maximum suppression; it is inside `decode_ms`.
    """

    prepare_ms: float
    infer_ms: float
    decode_ms: float
    suppress_ms: float


class BenchRow(Value, kw_only=True, frozen=True):
    """One artifact with one thread count: figures, or `reason` why there are none.

    Attributes:
        sha256: of its file, or of the lines "sha256  name" of its files.
        version: of its runtime. options: those of its session, as the runtime tells them.
        versus_baseline: the verdict against the baseline, None for the baseline itself.
        precision: what ran, as the runtime reports it; None where it does not.
        energy: per inference; None where it was not asked for.
        start: opening it, its first inference, its memory; None if it was not opened.
        parts: of `--end-to-end`, whose `latency_ms` is from a photo to its answer; None: not asked.
    """

    path: str
    sha256: str
    runtime: str
    version: str
    options: dict[str, str]
    threads: int
    latency_ms: Latency | None
    versus_baseline: Verdict | None
    precision: str | None
    start: Start | None
    energy: Energy | None = None
    parts: Parts | None = None
    reason: str = ""


class BenchTable(Value, kw_only=True, frozen=True):
    """All rows of one interleaved schedule.

    Attributes:
        rows: one for each artifact and number of threads, in the order given.
        inputs: where the timed inputs came from.
        noise: by what share the baseline differed from itself; None for a lone artifact.
        findings: checks of the machine before the schedule and during it.
        raw: the `Measurement` as plain data, every nanosecond of it.
    """

    v: int = 2
    rows: tuple[BenchRow, ...]
    inputs: str
    noise: float | None
    findings: tuple[Finding, ...]
    raw: dict[str, Any]
