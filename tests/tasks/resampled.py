"""Of all contributions: a resample by weights is the metric of the resampled samples."""

from __future__ import annotations

import numpy as np


def assert_adds_up(metric, *columns, seed=0, resamples=8, atol=1e-9):
    """`metric` of arrays or lists of one length gives the contributions.

    A bootstrap's resample, a half without repeats and a single sample: each by weights and by
    calling the metric on the samples themselves.
    """
    rng = np.random.default_rng(seed)
    count = len(columns[0])
    whole = metric(*columns)
    assert len(whole) == count
    drawn = [rng.integers(count, size=count) for _ in range(resamples)]
    drawn += [rng.permutation(count)[: max(1, count // 2)], np.arange(count)]
    for indices in drawn:
        weights = np.bincount(indices, minlength=count)
        taken = [_taken(column, indices) for column in columns]
        wanted = metric(*taken).value()
        np.testing.assert_allclose(whole.value(weights), wanted, atol=atol, equal_nan=True)
    np.testing.assert_allclose(
        whole.value(), whole.value(np.ones(count)), atol=1e-12, equal_nan=True
    )


def _taken(column, indices):
    return column[indices] if isinstance(column, np.ndarray) else [column[i] for i in indices]
