"""Latency figures of one artifact from its raw times."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from edgeopt.domain.bench_row import Parts
from edgeopt.domain.energy import Energy
from edgeopt.domain.latency import Latency
from edgeopt.domain.start import Start
from edgeopt.harness.budget import Budget
from edgeopt.harness.energy_figures import energy
from edgeopt.harness.memory import WHY_NULL, memory_bytes
from edgeopt.harness.timed import Timed
from edgeopt.stats import outliers
from edgeopt.stats.bootstrap import median_by_group
from edgeopt.stats.early_stopping import tail
from edgeopt.stats.quantile import median


def latency(timed: Timed, budget: Budget, spoiled: tuple[str, ...] = ()) -> Latency:
    """Figures of one artifact in one schedule.

    Args:
        spoiled: what makes them unfit to be ranked (`finding.failures`).

    p50 is the median of all steady runs; its interval is a bootstrap of the medians of blocks
    by launch, since runs within a block are not independent.
    """
    samples = [t / 1e6 for t in timed.steady_ns]
    blocks = [
        [block.median_ns / 1e6 for block in launch.blocks]
        for launch in timed.launches
        if launch.blocks
    ]
    p50 = median(samples)
    low, high = median_by_group(blocks)
    return Latency(
        p50=round(p50, 6),
        p50_low=round(min(low, p50), 6),
        p50_high=round(max(high, p50), 6),
        p90=_rounded(tail(samples, 0.9)),
        p99=_rounded(tail(samples, 0.99)),
        least=round(min(samples), 6),
        outliers=round(outliers.share(samples), 4),
        n=len(samples),
        launches=len(timed.launches),
        stage=budget.stage,
        budget=budget.name,
        spoiled=spoiled,
    )


def energy_of(timed: Timed) -> Energy | None:
    """Energy per inference; None where no launch was metered."""
    replies = [launch.energy for launch in timed.launches if launch.energy]
    return energy(replies) if replies else None


def parts_of(timed: Timed) -> Parts | None:
    """Where the time from a photo to its answer goes; None where runs were of the model alone."""
    blocks = [block for launch in timed.launches for block in launch.blocks if block.parts_ns]
    if not blocks:
        return None
    each = [[part / len(block.t_ns) / 1e6 for part in block.parts_ns or ()] for block in blocks]
    prepare, infer, decode, suppress = (
        round(statistics.median(part), 6) for part in zip(*each, strict=True)
    )
    return Parts(prepare_ms=prepare, infer_ms=infer, decode_ms=decode, suppress_ms=suppress)


def start(timed: Timed) -> Start:
    """What it cost to get an artifact ready: medians over the launches, the largest memory."""
    launches = timed.launches
    reasons = launches[0].opened.why_null
    why_null = {name.replace("_ns", "_ms"): why for name, why in reasons.items()}
    peak = _largest([launch.peak_rss_bytes for launch in launches])
    gained = _largest([memory_bytes(launch.opened, launch.peak_rss_bytes) for launch in launches])
    memory = {"peak_rss_bytes": peak, "memory_bytes": gained}
    why_null |= {name: WHY_NULL[name] for name, value in memory.items() if value is None}
    return Start(
        load_ms=_median_ms([launch.opened.load_ns for launch in launches]),
        compile_ms=_median_ms([launch.opened.compile_ns for launch in launches]),
        first_infer_ms=_median_ms([launch.first_ns for launch in launches]),
        peak_rss_bytes=peak,
        memory_bytes=gained,
        why_null=why_null,
    )


def _largest(values: Sequence[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _median_ms(nanoseconds: Sequence[int | None]) -> float | None:
    durations = [ns for ns in nanoseconds if ns is not None]
    return round(median(durations) / 1e6, 3) if durations else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
