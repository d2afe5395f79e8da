"""Intervals of many values from one set of resamples: a metric's classes, or its sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeopt.stats.bootstrap import members, of_few
from edgeopt.stats.subsampling import FEWEST_UNITS, FEWEST_VALUES
from edgeopt.tasks.contributions import Floats, Table

DRAWS = 200  # halves
BOOTSTRAP_DRAWS = 500  # ends are percentiles, which need more


def drawn(
    table: Table,
    groups: ArrayLike | None = None,
    halves: bool = True,
    draws: int | None = None,
    seed: int = 0,
) -> Floats:
    """The table's values in every resample, [draws, k].

    Tables of the same samples and groups are resampled alike, so that differences are paired.

    Args:
        groups: [n], of samples that are not independent: whole groups are drawn.
        halves: of the samples, without repeats; else a bootstrap's.

    Raises:
        ValueError: fewer than 4 samples or groups for halves, than 2 for a bootstrap.
    """
    count = draws or (DRAWS if halves else BOOTSTRAP_DRAWS)
    weights = _weights(members(len(table), groups), len(table), halves, count, seed)
    return np.array([table.values(one) for one in weights]).reshape(count, -1)


def _weights(
    units: list[NDArray[np.intp]], count: int, halves: bool, draws: int, seed: int
) -> Iterator[Floats]:
    least, what = (FEWEST_UNITS, "halves need") if halves else (2, "resampling needs")
    if len(units) < least:
        raise ValueError(f"{what} {least} samples or groups, got {len(units)}")
    rng = np.random.default_rng(seed)
    unit_of = np.empty(count, np.intp)
    for number, rows in enumerate(units):
        unit_of[rows] = number
    for _ in range(draws):
        if halves:
            chosen = rng.permutation(len(units))[: len(units) // 2]
        else:
            chosen = rng.integers(len(units), size=len(units))
        yield np.bincount(chosen, minlength=len(units)).astype(np.float64)[unit_of]


def ends(
    values: Floats, whole: Floats, units: int, halves: bool, level: float = 0.95
) -> tuple[Floats, Floats]:
    """The interval of each value, from what `drawn` gave.

    Halves: Student's t times the standard error of all units, around the whole (as
    `stats.half_samples`). Bootstrap: percentiles, wider where units are few.

    Args:
        values: [draws, k], or a difference of two such. whole: [k], of all samples.
        units: samples or groups that were drawn from.

    Returns:
        low [k], high [k]; nan where a value is defined in less than half of the draws, or in less
        than 15.
    """
    low, high = np.full(len(whole), np.nan), np.full(len(whole), np.nan)
    for k, column in enumerate(values.T):
        finite = column[np.isfinite(column)]
        if 2 * finite.size < len(column) or finite.size < FEWEST_VALUES:
            continue
        if halves:
            reach = _reach(finite, units, level)
            low[k], high[k] = whole[k] - reach, whole[k] + reach
        else:
            tail = (1 - level) / 2
            below, above = np.quantile(finite, [tail, 1 - tail]) - whole[k]
            low[k], high[k] = whole[k] + of_few(units, level) * np.array([below, above])
    return low, high


def _reach(finite: Floats, units: int, level: float) -> float:
    from scipy.stats import t

    half = units // 2
    error = float(finite.std(ddof=1)) * (half / (units - half)) ** 0.5
    return float(t.ppf(0.5 + level / 2, min(units, finite.size) - 1)) * error


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
    values = drawn(table, groups, draws=draws, seed=seed)
    units = len(members(len(table), groups))
    return ends(values, table.values(), units, halves=True, level=level)
