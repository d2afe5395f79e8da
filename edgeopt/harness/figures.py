"""Latency figures of one artifact from its raw times."""

from __future__ import annotations

import statistics

from edgeopt.domain.latency import Latency
from edgeopt.harness.budget import Budget
from edgeopt.harness.timed import Timed
from edgeopt.stats import outliers
from edgeopt.stats.bootstrap import median_by_group
from edgeopt.stats.early_stopping import tail
from edgeopt.stats.quantile import median


def latency(timed: Timed, budget: Budget) -> Latency:
    """Figures of one artifact in one schedule.

    p50 is the median of all steady runs; its interval is a bootstrap of the medians of blocks
    by launch, since runs within a block are not independent.
    """
    samples = [t / 1e6 for t in timed.steady_ns]
    blocks = [
        [statistics.median(block.steady_ns) / 1e6 for block in launch.blocks]
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
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
