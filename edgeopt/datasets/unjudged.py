"""Judges nothing: random inputs have no right answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import numpy as np

from edgeopt.datasets.advice import Advice
from edgeopt.datasets.judging import Answers
from edgeopt.datasets.metric import Metric
from edgeopt.domain.effects import Slices


def _never(*_: np.ndarray) -> NoReturn:
    raise AssertionError("nothing is scored on random inputs")


#: Stands where a run has a metric.
NO_METRIC = Metric(
    "none",
    "nothing is scored: the inputs are random",
    columns=_never,
    combine=_never,
    against="source",
)


class Unjudged:
    """See `judging.Judging`; without scores, since none is asked for."""

    alike: np.ndarray | None = None
    unscored = np.zeros(0, np.int64)

    def marks(self, answers: Answers, limit: float) -> NoReturn:
        """Never asked."""
        _never()

    def beside(self, answers: Answers, others: Answers, limit: float) -> NoReturn:
        """Never asked."""
        _never()

    def slices(self, answers: Answers, by: Sequence[str], limit: float) -> tuple[Slices, ...]:
        """None."""
        return ()

    def doubts(self) -> tuple[Advice, ...]:
        """None."""
        return ()
