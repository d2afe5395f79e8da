"""Metrics that are one number of a sample, averaged: what most tasks but detection add up."""

from __future__ import annotations

import numpy as np

from edgeopt.tasks.contributions import Floats, Sums


def ratio(above: np.ndarray, below: np.ndarray) -> Sums:
    """The sum of `above` [n] by the sum of `below` [n]; nan where that is 0."""
    columns = np.stack([above, below], axis=1).astype(np.float64)
    return Sums(columns, _quotient)


def mean(values: np.ndarray) -> Sums:
    """The mean of [n]; samples that are nan do not count."""
    known = ~np.isnan(values)
    return ratio(np.where(known, values, 0.0), known)


def _quotient(sums: Floats) -> float:
    return float(sums[0] / sums[1]) if sums[1] > 0 else float("nan")
