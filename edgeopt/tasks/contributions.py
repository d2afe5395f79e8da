"""What each sample adds to a metric: computed once, then added up in every resample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Indices: TypeAlias = NDArray[np.intp]


#: [n], >= 0: how many times each sample counts; None: once.
Weights: TypeAlias = "NDArray[np.number] | None"


class Contributions(Protocol):
    """A metric of n samples whose answers and truths have been compared already.

    A protocol and no base class: what is kept for each sample differs from metric to metric (hits,
    edits and lengths, matched detections), and only what is asked of it is common.
    """

    def __len__(self) -> int:
        """n, the number of samples."""
        ...

    def value(self, weights: Weights = None) -> float:
        """The metric where sample i counts weights[i] times; nan where it is not defined.

        Args:
            weights: a subset has zeros and ones, a resample of a bootstrap has how often each
                sample was drawn.
        """
        ...


class Table(Protocol):
    """Contributions of several values at once, such as a metric of each class."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the k values."""
        ...

    def __len__(self) -> int:
        """n, the number of samples."""
        ...

    @property
    def there(self) -> NDArray[np.bool_]:
        """[n, k]: the samples that have what a value is of: a labelled object of the class."""
        ...

    def values(self, weights: Weights = None) -> Floats:
        """[k], as `Contributions.value`."""
        ...


@dataclass(frozen=True)
class Sums:
    """Contributions of a metric that is a function of sums over samples.

    Accuracy is hits over samples, CER edits over characters, Dice twice the overlap over the two
    areas: each a few columns that are summed, and one function of the sums.

    Attributes:
        columns: [n, c], what each sample adds.
        combine: sums [c] -> the value; nan where it is not defined.
    """

    columns: Floats
    combine: Callable[[Floats], float]

    def __len__(self) -> int:
        return len(self.columns)

    def value(self, weights: Weights = None) -> float:
        """The function of the weighted sums."""
        return float(self.combine(as_floats(weights, len(self)) @ self.columns))


@dataclass(frozen=True)
class Subset:
    """The contributions of some samples.

    Attributes:
        whole: of all n samples. rows: [m], those that count.
    """

    whole: Contributions
    rows: Indices

    def __len__(self) -> int:
        return len(self.rows)

    def value(self, weights: Weights = None) -> float:
        """See the protocol; weights [m]."""
        every = np.zeros(len(self.whole))
        every[self.rows] = as_floats(weights, len(self.rows))
        return self.whole.value(every)


def as_floats(weights: Weights, count: int) -> Floats:
    """[n], ones where there are none.

    Raises:
        ValueError: they are not one for each sample.
    """
    if weights is None:
        return np.ones(count)
    if np.shape(weights) != (count,):
        raise ValueError(f"a weight for each of {count} samples wanted, got {np.shape(weights)}")
    return np.asarray(weights, np.float64)


def statistic(contributions: Contributions) -> Callable[[Indices], float]:
    """Sample indices, repeated ones too -> the metric: what the resamplings of `stats` take."""
    count = len(contributions)
    return lambda indices: contributions.value(np.bincount(indices, minlength=count))


def difference(first: Contributions, second: Contributions) -> Callable[[Indices], float]:
    """Sample indices -> first minus second on the same samples.

    Raises:
        ValueError: they are of different numbers of samples.
    """
    if len(first) != len(second):
        raise ValueError(f"paired samples wanted, got {len(first)} and {len(second)}")
    count = len(first)

    def between(indices: Indices) -> float:
        weights = np.bincount(indices, minlength=count)
        return first.value(weights) - second.value(weights)

    return between
