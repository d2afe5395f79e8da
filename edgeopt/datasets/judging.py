"""One part's samples and the source's answers to them, ready to judge a candidate's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from edgeopt.datasets.advice import Advice
from edgeopt.domain.effects import Slices
from edgeopt.domain.score import Drop, Score

#: Source output -> [n, *shape].
Answers: TypeAlias = Mapping[str, np.ndarray]


class Judging(Protocol):
    """How answers to one part are judged: by a metric of one output, or by a task."""

    @property
    def alike(self) -> np.ndarray | None:
        """The group that each sample seems to be of, where none is told; None: independent."""
        ...

    @property
    def unscored(self) -> np.ndarray:
        """int[m]: the samples that the source itself answers with NaN, in this part's order."""
        ...

    def marks(self, answers: Answers, limit: float) -> tuple[Score, Drop]:
        """Score and paired drop of answers to the first n samples.

        Raises:
            StepFailed: the answers cannot be scored. BadInput: the data does not fit.
        """
        ...

    def beside(self, answers: Answers, others: Answers, limit: float) -> Drop:
        """The drop of answers against other answers to the same n samples. Raises as `marks`."""
        ...

    def slices(self, answers: Answers, by: Sequence[str], limit: float) -> tuple[Slices, ...]:
        """The same by slices, worst first; empty where there are none. Raises as `marks`."""
        ...

    def doubts(self) -> tuple[Advice, ...]:
        """Why the source's own score may say little."""
        ...
