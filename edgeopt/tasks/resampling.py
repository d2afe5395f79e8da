"""Intervals of many values from one set of resamples: a metric's classes, or its sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeopt.stats.bootstrap import members
from edgeopt.tasks.contributions import Floats, Table

RESAMPLES = 500


def intervals(
    table: Table,
    groups: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """Percentile bootstrap intervals (Efron 1979), as `stats.paired_bootstrap` of each value.

    Args:
        groups: [n], of samples that are not independent: whole groups are drawn.

    Returns:
        low [k], high [k]; nan where a value is defined in less than half of the resamples.

    Raises:
        ValueError: fewer than two samples or groups.
    """
    units = members(len(table), groups)
    if len(units) < 2:
        raise ValueError(f"resampling needs 2 samples or groups at least, got {len(units)}")
    unit = np.empty(len(table), np.intp)
    for number, samples in enumerate(units):
        unit[samples] = number
    rng = np.random.default_rng(seed)
    values = np.empty((resamples, len(table.names)))
    for row in values:
        drawn = rng.integers(len(units), size=len(units))
        row[:] = table.values(np.bincount(drawn, minlength=len(units))[unit])
    defined = np.isfinite(values).sum(axis=0) * 2 >= resamples
    low, high = np.full((2, len(table.names)), np.nan)
    tail = (1.0 - level) / 2.0
    if defined.any():
        low[defined], high[defined] = np.nanquantile(values[:, defined], [tail, 1 - tail], axis=0)
    return low, high
