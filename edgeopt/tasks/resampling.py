"""Intervals of many values from one set of half-samples: a metric's classes, or its sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeopt.stats.bootstrap import members
from edgeopt.stats.subsampling import FEWEST_UNITS, FEWEST_VALUES
from edgeopt.tasks.contributions import Floats, Table

DRAWS = 200


def intervals(
    table: Table,
    groups: ArrayLike | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Floats, Floats]:
    """What `stats.half_samples` gives for each value, from the same halves for all of them.

    Args:
        groups: [n], of samples that are not independent: whole groups are drawn.

    Returns:
        low [k], high [k]; nan where a value is defined in less than half of the halves, or in less
        than 15.

    Raises:
        ValueError: fewer than 4 samples or groups.
    """
    units = members(len(table), groups)
    if len(units) < FEWEST_UNITS:
        raise ValueError(f"halves need {FEWEST_UNITS} samples or groups, got {len(units)}")
    rng = np.random.default_rng(seed)
    half = len(units) // 2
    values = np.empty((draws, len(table.names)))
    for row in values:
        weights = np.zeros(len(table))
        weights[np.concatenate([units[i] for i in rng.permutation(len(units))[:half]])] = 1
        row[:] = table.values(weights)
    reach = np.array([_reach(column, half, len(units), level) for column in values.T])
    whole = table.values()
    return whole - reach, whole + reach


def _reach(values: NDArray[np.float64], half: int, units: int, level: float) -> float:
    """Student's t times the standard error of all units; nan where too few values are defined."""
    from scipy.stats import t

    finite = values[np.isfinite(values)]
    if 2 * finite.size < len(values) or finite.size < FEWEST_VALUES:
        return float("nan")
    error = float(finite.std(ddof=1)) * (half / (units - half)) ** 0.5
    return float(t.ppf(0.5 + level / 2, min(units, finite.size) - 1)) * error
