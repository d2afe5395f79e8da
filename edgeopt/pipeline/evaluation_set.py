"""One part of the data that judges: samples, the source's own answers, and how they are scored."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np

from edgeopt.datasets import by_step
from edgeopt.datasets.fidelity import divided
from edgeopt.datasets.judging import Judging
from edgeopt.datasets.parts import Part
from edgeopt.datasets.samples import Samples
from edgeopt.domain.effects import Slices
from edgeopt.domain.record import Parity
from edgeopt.domain.score import Drop, Score
from edgeopt.harness.feed import Feed
from edgeopt.pipeline.parity_check import Answers, parity, require_places
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

    @functools.cached_property
    def divisions(self) -> dict[str, tuple[Part, ...]]:
        """The parts of each output that are held to the source by themselves."""
        return divided(by_step.compared(self.samples, self.source, self.source)[1])

    @property
    def decoded(self) -> bool:
        """Whether a head makes boxes or key points of the answers, which are scored."""
        settled = self.scoring.settled
        return settled is not None and bool(settled.facts.head) and not self.scoring.unscored

    def parity(self, precision: str, answers: Answers) -> Parity:
        """How near a candidate's answers are to the source's. Raises StepFailed: see `parity`."""
        return parity(precision, *self.compared(answers), self.divisions, self.decoded)

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

    def with_inputs(self, samples: Samples, feed: Feed, source: Answers) -> EvaluationSet:
        """The same part and scoring over other samples, with the source's answers to them."""
        return replace(self, samples=samples, feed=feed, source=source)

    def _require_places(self, answers: Answers) -> None:
        """Values are finite where the source's are, in what is scored. Raises StepFailed."""
        scored = [self.scoring.output] if self.scoring.settled is None else list(self.source)
        for name in scored:
            require_places(name, answers[name], self.source[name])
