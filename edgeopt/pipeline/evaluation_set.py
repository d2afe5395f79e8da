"""One part of the data that judges: samples, the source's own answers, and how they are scored."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from edgeopt.datasets import by_step, likeness, scores, slices
from edgeopt.datasets.fidelity import divided
from edgeopt.datasets.judging import Judging
from edgeopt.datasets.parts import Part
from edgeopt.datasets.samples import Samples
from edgeopt.domain.effects import Slices
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
    def judging(self) -> Judging:
        """What judges answers to these samples."""
        return self.scoring.judging(self.part, self.samples, self.source)

    @property
    def alike(self) -> np.ndarray | None:
        """The group that each sample seems to be of, where none is told; None: independent."""
        return self.judging.alike
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

    @property
    def unscored(self) -> np.ndarray:
        """int[m]: the samples that the source itself answers with NaN, in this part's order."""
        return self.judging.unscored

    def marks(self, answers: Answers) -> tuple[Score, Drop]:
        """Score and paired drop of a candidate's answers, to the first n samples.

        Raises:
            StepFailed: the answers cannot be scored.
        """
        self._require_places(answers)
        return self.judging.marks(answers, self.scoring.max_drop)

    def slices(self, answers: Answers) -> tuple[Slices, ...]:
        """The same by slices, worst first. Empty where there is nothing to slice by.

        Raises:
            StepFailed: the answers cannot be scored.
        """
        self._require_places(answers)
        return self.judging.slices(answers, self.scoring.slice_by, self.scoring.max_slice_drop)
        by, limit = self.scoring.slice_by, self.scoring.max_slice_drop
        found = self.answered(answers)
        by = (*by, *by_step.columns(found.samples))
        return slices.slices(self.scoring.metric, found, by, self.part, limit)

    def with_inputs(self, samples: Samples, feed: Feed, source: Answers) -> EvaluationSet:
        """The same part and scoring over other samples, with the source's answers to them."""
        return replace(self, samples=samples, feed=feed, source=source)

    def _require_places(self, answers: Answers) -> None:
        """Values are finite where the source's are, in what is scored. Raises StepFailed."""
        scored = [self.scoring.output] if self.scoring.settled is None else list(self.source)
        for name in scored:
            require_places(name, answers[name], self.source[name])

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
