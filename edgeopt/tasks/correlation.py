"""Correlations of answers with truths, [n] each: what sentence similarity (STS) is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.tasks.contributions import Floats, Integers, Sums, Weights, as_floats


def pearson(answers: np.ndarray, truths: np.ndarray) -> Sums:
    """Pearson's; 0 where all answers are the same, nan where all truths are."""
    x, y = (_standard(one) for one in (answers, truths))
    return Sums(np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], axis=1), _correlation)


def _standard(values: np.ndarray) -> Floats:
    """Centred and scaled: squares of what lies far from 0 lose their digits."""
    found = values.astype(np.float64) - float(np.mean(values))
    size = float(np.abs(found).max(initial=0))
    return found / size if size > 0 else found


def _correlation(sums: Floats) -> float:
    count, x, y, xx, yy, xy = (float(one) for one in sums)
    if count == 0:
        return float("nan")
    spread_x, spread_y = xx - x * x / count, yy - y * y / count
    if spread_y <= 1e-12 * yy or yy == 0:
        return float("nan")
    if spread_x <= 1e-12 * xx or xx == 0:
        return 0.0
    return float(np.clip((xy - x * y / count) / np.sqrt(spread_x * spread_y), -1, 1))


@dataclass(frozen=True)
class Spearman:
    """Pearson's of the ranks; equal values share the mean of theirs.

    Attributes:
        answers, truths: int[n], each value's place among the different ones.
    """

    answers: Integers
    truths: Integers

    def __len__(self) -> int:
        return len(self.answers)

    def value(self, weights: Weights = None) -> float:
        """Within -1..1; 0 where all answers are the same, nan where all truths are."""
        counts = as_floats(weights, len(self))
        ranks = [_ranks(one, counts) for one in (self.answers, self.truths)]
        return float(_correlation(counts @ pearson(*ranks).columns))


def _ranks(level: Integers, counts: Floats) -> Floats:
    """[n]: the ranks of values that are there `counts` times each."""
    of_level = np.bincount(level, counts)
    shared: Floats = np.cumsum(of_level) - (of_level - 1) / 2
    return shared[level]


def spearman(answers: np.ndarray, truths: np.ndarray) -> Spearman:
    """The contributions to Spearman's rank correlation of [n] and [n]."""
    levels = [np.unique(one, return_inverse=True)[1].astype(np.int64) for one in (answers, truths)]
    return Spearman(*levels)
