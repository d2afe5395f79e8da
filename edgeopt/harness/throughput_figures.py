"""How many inferences a second: figures of slices, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeopt.domain.throughput import Throughput
from edgeopt.harness.memory import WHY_NULL, memory_bytes
from edgeopt.harness.replies import Streams
from edgeopt.harness.throughput import ThroughputTrial
from edgeopt.stats.early_stopping import tail
from edgeopt.stats.quantile import median, median_interval

FEW = {"per_s_low": "below 6 slices", "per_s_high": "below 6 slices", "p90_ms": "below 64 runs"}


def figures(trial: ThroughputTrial, cores: int | None) -> Throughput:
    """The row of one case.

    Args:
        cores: that the runner may use; None where it does not say.
    """
    slices = [] if trial.failed else trial.turns
    rates = [rate(one) for one in slices]
    runs = [t / 1e6 for one in slices for stream in one.streams for t in stream.t_ns]
    opened = trial.started.opened if trial.started else None
    peak = slices[-1].peak_rss_bytes if slices else None
    bounds = (median_interval(rates) if rates else None) or (None, None)
    row: dict[str, Any] = {
        "per_s": median(rates) if rates else None,
        "per_s_low": bounds[0],
        "per_s_high": bounds[1],
        "p50_ms": median(runs) if runs else None,
        "p90_ms": tail(runs, 0.9) if runs else None,
        "peak_rss_bytes": peak,
        "memory_bytes": memory_bytes(opened, peak),
    }
    reasons = dict.fromkeys(row, trial.failed) if trial.failed else {**FEW, **WHY_NULL}
    return Throughput(
        **trial.case,
        **row,
        streams=trial.streams,
        counts=_counts(slices, trial.streams),
        slices=len(slices),
        notes=_notes(trial, cores),
        why_null={name: reasons.get(name, "") for name, value in row.items() if value is None},
    )


def rate(one: Streams) -> float:
    """Inferences a second of all streams: each stream's count over its own time.

    A stream ends its last run after the time is over, each at its own moment; dividing the sum by
    the longest would count the others' waiting.
    """
    return float(sum(len(s.t_ns) / (s.elapsed_ns / 1e9) for s in one.streams))


def _counts(slices: Sequence[Streams], streams: int) -> tuple[int, ...]:
    return tuple(sum(len(one.streams[k].t_ns) for one in slices) for k in range(streams))


def _notes(trial: ThroughputTrial, cores: int | None) -> tuple[str, ...]:
    threads = trial.streams * trial.subject.threads
    if cores is None or threads <= cores:
        return ()
    return (f"{threads} threads on {cores} cores",)
