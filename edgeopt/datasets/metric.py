"""A metric as a value: what one number is taken of, and what its interval needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from edgeopt.datasets import statistics
from edgeopt.datasets.advice import Advice
from edgeopt.domain.errors import BadInput

AGREEMENT = "agreement"
RESAMPLES = 2000
RESAMPLES_SLOW = 500  # where one evaluation may take milliseconds

#: How an interval is had: samples drawn with repeats; halves without; there is none.
Resampling = Literal["bootstrap", "subsample", "none"]

Columns = tuple[np.ndarray, ...]


class Judged(Protocol):
    """What an interval must know of a metric or of a task's measure; see `Metric`."""

    @property
    def name(self) -> str: ...
    @property
    def against(self) -> Literal["labels", "source"]: ...
    @property
    def counting(self) -> bool: ...
    @property
    def in_points(self) -> bool: ...
    @property
    def resamples(self) -> int: ...
    @property
    def resampling(self) -> Resampling: ...
    @property
    def why_no_interval(self) -> str: ...


@dataclass(frozen=True)
class Metric:
    """How answers are judged.

    Attributes:
        about: one sentence for the user.
        columns: (outputs [n, ...], truths [n, ...]) -> columns [n, ...].
        combine: columns -> the value, nan where it is not defined on these samples.
        library: the same by scikit-learn or scipy, for the value that is printed.
        against: what the truths are: the data's labels, or the source model's outputs.
        proportion: there is one column, bool[n] (each sample right or wrong), of which the
            value is the mean.
        counting: the value is within 0..1 and counts samples right or wrong, so that samples
            without a single error still leave it uncertain.
        resamples: how many a bootstrap of it takes.
        why: why this and not another measure, where that followed from the source's answers.
        resamples: how many a bootstrap of it, or halves, take.
        resampling: "bootstrap" only where a repeated sample is as good as another one.
        why_no_interval: where `resampling` is "none".
        advice: what the user should know of it.
    """

    name: str
    about: str
    columns: Callable[[np.ndarray, np.ndarray], Columns]
    combine: Callable[..., float]
    library: Callable[..., float] | None = None
    higher_is_better: bool = True
    against: Literal["labels", "source"] = "labels"
    proportion: bool = False
    counting: bool = False
    resamples: int = RESAMPLES
    why: str = ""
    resampling: Resampling = "bootstrap"
    why_no_interval: str = ""
    advice: tuple[Advice, ...] = ()

    @property
    def in_points(self) -> bool:
        """Whether a drop is a difference of values; else it is a share of the source's error."""
        return self.higher_is_better or self.against == "source"

    def truths(self, labels: np.ndarray | None, source_outputs: np.ndarray) -> np.ndarray:
        """What answers are compared with: the labels, or the source's outputs."""
        if self.against == "source":
            return source_outputs
        if labels is None:
            raise needs_labels(self.name)
        return labels

    def value(self, outputs: np.ndarray, truths: np.ndarray) -> float:
        """The metric of all samples together."""
        return self.of(self.columns(outputs, truths))

    def of(self, columns: Columns) -> float:
        """The metric of columns that `self.columns` gave."""
        return float((self.library or self.combine)(*columns))


def proportion(
    name: str,
    about: str,
    hits: Callable[[np.ndarray, np.ndarray], np.ndarray],
    against: Literal["labels", "source"] = "labels",
) -> Metric:
    """The metric that is the mean of `hits(outputs, truths)`, bool[n]."""
    return Metric(
        name,
        about,
        columns=lambda outputs, truths: (hits(outputs, truths),),
        combine=statistics.mean,
        against=against,
        proportion=True,
        counting=True,
    )


def needs_labels(name: str) -> BadInput:
    """What is said where a metric is asked for that the data cannot serve."""
    return BadInput(
        f"the metric {name} needs labels, and the data has none",
        f"Add an array 'labels', or use --metric {AGREEMENT} (with the source model).",
    )
