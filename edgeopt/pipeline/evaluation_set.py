"""One part of the data that judges: samples, the source's own answers, and how they are scored."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from edgeopt.datasets import by_step, likeness, scores, slices
from edgeopt.datasets.fidelity import divided
from edgeopt.datasets.intervals import count_groups
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.parts import Part
from edgeopt.datasets.places import unanswered
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.slices import Answered
from edgeopt.domain.effects import Slices
from edgeopt.domain.errors import BadInput
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.score import Drop, Score
from edgeopt.harness.feed import Feed
from edgeopt.pipeline.parity_check import Answers, require_places
from edgeopt.pipeline.scoring import Scoring


@dataclass(frozen=True)
class EvaluationSet:
    """See the module's head.

    Attributes:
        part: "choose" or "confirm". samples: shuffled. feed: the same as files.
        source: the source's own answers to all of them.
    """

    part: str
    samples: Samples
    feed: Feed
    source: Answers
    scoring: Scoring

    @functools.cached_property
    def alike(self) -> np.ndarray | None:
        """The group that each sample seems to be of, where none is told; None: independent."""
        if self.samples.groups is not None or self.samples.steps:
            return None
        answers = np.nan_to_num(self.source[self.scoring.output])
        return likeness.groups_of(self.samples.inputs, answers, self.samples.labels)

    @functools.cached_property
    def divisions(self) -> dict[str, tuple[Part, ...]]:
        """The parts of each output that are held to the source by themselves."""
        return divided(by_step.compared(self.samples, self.source, self.source)[1])

    def compared(self, answers: Answers) -> tuple[Answers, Answers]:
        """A candidate's answers and the source's as parity compares them: see `by_step`."""
        return by_step.compared(self.samples, answers, self.source)

    @functools.cached_property
    def unscored(self) -> np.ndarray:
        """int[m]: the samples that the source itself answers with NaN, in this part's order."""
        return np.flatnonzero(unanswered(self.source[self.scoring.output]))

    def scored(self, count: int) -> np.ndarray:
        """int[m]: of the first samples those that are scored."""
        return np.setdiff1d(np.arange(count), self.unscored)

    def answered(self, answers: Answers) -> Answered:
        """See `answered`."""
        return answered(self.samples, self.source, answers, self.scoring.output)

    def marks(self, answers: Answers) -> tuple[Score, Drop]:
        """Score and paired drop of a candidate's answers, to the first n samples.

        Raises:
            StepFailed: the answers cannot be scored.
        """
        metric, limit = self.scoring.metric, self.scoring.max_drop
        samples, own, theirs = self.answered(answers)
        labels, groups = (
            None if array is None else array[: len(own)]
            for array in (samples.labels, samples.groups)
        )
        alike = self.alike
        if alike is not None:
            alike = alike[self.scored(len(answers[self.scoring.output]))]
        score = scores.score(metric, own, metric.truths(labels, theirs), groups, self.part)
        score = msgspec.structs.replace(score, alike=count_groups(alike))
        return score, scores.drop(metric, own, theirs, labels, groups, limit, alike)

    def slices(self, answers: Answers) -> tuple[Slices, ...]:
        """The same by slices, worst first. Empty where there is nothing to slice by.

        Raises:
            StepFailed: the answers cannot be scored.
        """
        by, limit = self.scoring.slice_by, self.scoring.max_slice_drop
        found = self.answered(answers)
        by = (*by, *by_step.columns(found.samples))
        return slices.slices(self.scoring.metric, found, by, self.part, limit)

    def with_inputs(self, samples: Samples, feed: Feed, source: Answers) -> EvaluationSet:
        """The same part and scoring over other samples, with the source's answers to them."""
        return replace(self, samples=samples, feed=feed, source=source)


def answered(samples: Samples, source: Answers, answers: Answers, output: str) -> Answered:
    """What is scored: the samples that were answered, but for those the source cannot.

    Raises:
        StepFailed: values are infinite or NaN where the source's are not.
    """
    samples, both = by_step.judged(samples, (answers, source))
    own, theirs = (each[output] for each in both)
    theirs = theirs[: len(own)]
    require_places(output, own, theirs)
    rows = np.flatnonzero(~unanswered(theirs))
    if len(rows) == len(own):
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
        raise BadInput(
            f"the source model answers NaN for all {len(samples)} samples",
            "Check the data's preprocessing and the model.",
        )
    return metric(name or None, scored.labels, theirs, batch_axis, progress)
