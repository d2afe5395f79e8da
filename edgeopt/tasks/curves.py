"""Two kinds told apart by a score: the area under the ROC curve, and its equal error rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeopt.tasks.contributions import Floats, Integers, Weights, as_floats


@dataclass(frozen=True)
class Told:
    """n scores, and which are of the kind that should score higher.

    Attributes:
        positive: bool[n]. level: int[n], the score's place among the different ones, falling.
        levels: how many different scores there are.
    """

    positive: NDArray[np.bool_]
    level: Integers
    levels: int

    def __len__(self) -> int:
        return len(self.positive)

    def shares(self, weights: Weights) -> tuple[Floats, Floats] | None:
        """[levels + 1]: the shares of positives and of negatives above each threshold, from 0 to 1.

        None where there is only one kind.
        """
        counts = as_floats(weights, len(self))
        right = np.bincount(self.level, counts * self.positive, self.levels)
        wrong = np.bincount(self.level, counts * ~self.positive, self.levels)
        if right.sum() == 0 or wrong.sum() == 0:
            return None
        found, alarms = (np.concatenate([[0], np.cumsum(one)]) for one in (right, wrong))
        return found / found[-1], alarms / alarms[-1]


@dataclass(frozen=True)
class Area:
    """The area under the ROC curve; equal scores count half (Mann-Whitney's U)."""

    told: Told

    def __len__(self) -> int:
        return len(self.told)

    def value(self, weights: Weights = None) -> float:
        """Within 0..1; nan where there is only one kind."""
        shares = self.told.shares(weights)
        if shares is None:
            return float("nan")
        found, alarms = shares
        return float(np.sum(np.diff(alarms) * (found[1:] + found[:-1]) / 2))


@dataclass(frozen=True)
class EqualErrorRate:
    """The share of either kind that is taken for the other where both shares are the same.

    Between two thresholds the curve is a straight line, as ISO/IEC 19795-1 draws it.
    """

    told: Told

    def __len__(self) -> int:
        return len(self.told)

    def value(self, weights: Weights = None) -> float:
        """Within 0..1, lower is better; nan where there is only one kind."""
        shares = self.told.shares(weights)
        if shares is None:
            return float("nan")
        found, alarms = shares
        more = alarms - (1 - found)  # false alarms less misses: it rises from -1 to 1
        after = int(np.argmax(more >= 0))
        before = after - 1
        part = -more[before] / (more[after] - more[before])
        return float(alarms[before] + part * (alarms[after] - alarms[before]))


def told(scores: np.ndarray, positive: np.ndarray) -> Told:
    """Of scores [n], higher for what is `positive`, bool[n]. Scores that are nan are the lowest."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    values, level = np.unique(-known, return_inverse=True)
    return Told(positive.astype(bool), level.astype(np.int64), len(values))
