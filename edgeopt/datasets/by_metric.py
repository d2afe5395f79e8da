"""Judges one output by a metric whose labels have one entry a sample."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from edgeopt.datasets import doubts, likeness, scores, slices
from edgeopt.datasets.advice import Advice
from edgeopt.datasets.intervals import count_groups
from edgeopt.datasets.judging import Answers
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.places import unanswered
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.slices import Answered
from edgeopt.domain.effects import Slices
from edgeopt.domain.errors import NoNumbers
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.score import Drop, Score


@dataclass(frozen=True)
class ByMetric:
    """See `judging.Judging`.

    Attributes:
        part: "choose" or "confirm". source: the source's own answers to all samples.
        output: the one that is scored.
    """

    part: str
    samples: Samples
    source: Answers
    metric: Metric
    output: str

    @functools.cached_property
    def alike(self) -> np.ndarray | None:
        """See the protocol."""
        if self.samples.groups is not None:
            return None
        answers = np.nan_to_num(self.source[self.output])
        return likeness.groups_of(self.samples.inputs, answers, self.samples.labels)

    @functools.cached_property
    def unscored(self) -> np.ndarray:
        """See the protocol."""
        return np.flatnonzero(unanswered(self.source[self.output]))

    def marks(self, answers: Answers, limit: float) -> tuple[Score, Drop]:
        """See the protocol."""
        samples, own, theirs = self._answered(answers)
        labels, groups = samples.labels, samples.groups
        alike = self.alike
        if alike is not None:
            alike = alike[self._scored(len(answers[self.output]))]
        score = scores.score(
            self.metric, own, self.metric.truths(labels, theirs), groups, self.part
        )
        score = msgspec.structs.replace(score, alike=count_groups(alike))
        return score, scores.drop(self.metric, own, theirs, labels, groups, limit, alike)

    def beside(self, answers: Answers, others: Answers, limit: float) -> Drop:
        """See the protocol."""
        own, theirs = answers[self.output], others[self.output]
        rows = self._scored(len(own))
        some = self.samples.take(rows)
        return scores.drop(self.metric, own[rows], theirs[rows], some.labels, some.groups, limit)

    def slices(self, answers: Answers, by: Sequence[str], limit: float) -> tuple[Slices, ...]:
        """See the protocol."""
        return slices.slices(self.metric, self._answered(answers), by, self.part, limit)

    def doubts(self) -> tuple[Advice, ...]:
        """See the protocol."""
        samples, _, theirs = self._answered(self.source)
        return doubts.doubts(self.metric, self.output, theirs, samples.labels)

    def _scored(self, count: int) -> np.ndarray:
        """int[m]: of the first samples those that are scored."""
        return np.setdiff1d(np.arange(count), self.unscored)

    def _answered(self, answers: Answers) -> Answered:
        return answered(self.samples, self.source, answers, self.output)


def answered(samples: Samples, source: Answers, answers: Answers, output: str) -> Answered:
    """What is scored: the samples that were answered, but for those the source cannot."""
    own = answers[output]
    theirs = source[output][: len(own)]
    rows = np.flatnonzero(~unanswered(theirs))
    if len(rows) == len(samples):
        return Answered(samples, own, theirs)
    return Answered(samples.take(rows), own[rows], theirs[rows])


def metric_for(
    name: str,
    samples: Samples,
    source: Answers,
    output: str,
    batch_axis: int | None = None,
    progress: Listener = silent,
) -> Metric:
    """The metric of a request.

    Args:
        source: the source's own answers to the samples.
        batch_axis: of the output (`Source.batch_axis`).

    Raises:
        BadInput: it does not fit the labels or the source's outputs.
    """
    scored, _, theirs = answered(samples, source, source, output)
    if not len(theirs):
        raise NoNumbers(
            f"the source model answers NaN for all {len(samples)} samples",
            "Check the data's preprocessing and the model.",
        )
    return metric(name or None, scored.labels, theirs, batch_axis, progress)
