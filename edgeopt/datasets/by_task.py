"""Judges all outputs by a task: what each sample contributes, added up and resampled."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from edgeopt.datasets import chance, likeness, slices, task_scores
from edgeopt.datasets.advice import Advice
from edgeopt.datasets.column_slices import by_column
from edgeopt.datasets.contributing import together, units_of
from edgeopt.datasets.intervals import count_groups
from edgeopt.datasets.judging import Answers
from edgeopt.datasets.places import unanswered
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Settled
from edgeopt.datasets.task_metric import TaskMetric
from edgeopt.datasets.task_slices import SourceSlices
from edgeopt.domain.effects import Slices
from edgeopt.domain.errors import BadInput, NoNumbers
from edgeopt.domain.score import Drop, Score
from edgeopt.tasks.contributions import Contributions
from edgeopt.tasks.task import Blind, Judged, Located, Printed, Task

#: The part whose score is printed.
HELD_OUT = "confirm"
#: A source that scores less is likely to have been fed otherwise than in training.
POOR = 0.05
#: Samples whose answers are decoded anew to know what chance gives.
LOOKED_AT = 128


@dataclass(frozen=True)
class Trial:
    """The first samples of a part with what judges answers to them.

    Attributes:
        rows: int[m], those of them that are scored. samples: these.
        truths: their labels, or the source's answers. source: the source's answers, judged.
        parts: the same by class, size and the like.
        units: int[m], the sample that each contribution is of; None where that is not known.
        groups: [m] of the contributions, or None. alike: [m], groups that they seem to be of.
    """

    rows: np.ndarray
    samples: Samples
    task: Task[Any, Any, Any]
    contexts: Sequence[Any]
    truths: Any
    source: Judged
    parts: SourceSlices
    units: np.ndarray | None
    groups: np.ndarray | None
    alike: np.ndarray | None

    def answers(self, outputs: Answers) -> Any:
        """What outputs of all the first samples say for those that are scored."""
        scored = {name: each[self.rows] for name, each in outputs.items()}
        return self.task.answers(scored, self.contexts)

    def judged(self, outputs: Answers) -> Judged:
        """Outputs, judged."""
        return self.task.judged(self.answers(outputs), self.truths)


@dataclass(frozen=True)
class ByTask:
    """See `judging.Judging`.

    Attributes:
        part: "choose" or "confirm". source: the source's own answers to all samples.
    """

    part: str
    samples: Samples
    source: Answers
    settled: Settled
    metric: TaskMetric
    _trials: dict[int, Trial] = field(default_factory=dict, repr=False, compare=False)

    @functools.cached_property
    def alike(self) -> np.ndarray | None:
        """See the protocol."""
        if self.samples.groups is not None:
            return None
        first = np.nan_to_num(next(iter(self.source.values())), posinf=0.0, neginf=0.0)
        return likeness.groups_of(self.samples.inputs, first, None)

    @functools.cached_property
    def unscored(self) -> np.ndarray:
        """See the protocol."""
        return np.flatnonzero(np.any([unanswered(each) for each in self.source.values()], axis=0))

    def marks(self, answers: Answers, limit: float) -> tuple[Score, Drop]:
        """See the protocol."""
        trial = self.trial(answers)
        judged = trial.judged(answers)
        own, theirs = self._both(trial, judged)
        groups, alike = trial.groups, trial.alike
        score = task_scores.score(self.metric, own, groups, self.part, count_groups(alike))
        if self.part == HELD_OUT and isinstance(judged, Printed):
            printed = judged.printed(self.metric.measure.name)
            score = score if printed is None else msgspec.structs.replace(score, value=printed)
        return score, task_scores.drop(self.metric, own, theirs, groups, limit, alike)

    def beside(self, answers: Answers, others: Answers, limit: float) -> Drop:
        """See the protocol."""
        trial = self.trial(answers)
        own, theirs = (self._of(trial.judged(each)) for each in (answers, others))
        return task_scores.drop(self.metric, own, theirs, trial.groups, limit)

    def slices(self, answers: Answers, by: Sequence[str], limit: float) -> tuple[Slices, ...]:
        """See the protocol."""
        trial = self.trial(answers)
        judged, groups = trial.judged(answers), trial.groups
        columns = {name: self._column(trial, name) for name in by}
        both = self._both(trial, judged)
        of_columns = by_column(self.metric, *both, columns, groups, self.part, limit)
        return trial.parts.beside(judged, self.part, limit) + of_columns

    def doubts(self) -> tuple[Advice, ...]:
        """See the protocol."""
        whole = self.trial(self.source)
        value = self._of(whole.source).value()  # refuses what is not defined
        if self.metric.against == "source":
            return ()
        measure = self.metric.measure
        if (near := self._near_chance) is not None:
            return (near,)
        poor = measure.points and (value < POOR if measure.higher_is_better else value > 1 - POOR)
        if not poor:
            return ()
        return (
            Advice(
                f"The source's {measure.name} is {value:.3f}: the data may be prepared otherwise "
                "than in training, or the classes numbered otherwise",
                "Check --preprocess, and the order of the classes.",
            ),
        )

    @functools.cached_property
    def _near_chance(self) -> Advice | None:
        count, measure = self._looked_at, self.metric.measure
        source = {name: each[:count] for name, each in self.source.items()}
        trial = self.trial(source)
        theirs = self._of(trial.source)

        def of(one: chance.Trivial) -> Contributions:
            decoded = one.answers if one.decoded else trial.answers(one.answers)
            return self._of(trial.task.judged(decoded, trial.truths))

        def ahead(one: chance.Trivial) -> float:
            lost = task_scores.drop(self.metric, of(one), theirs, trial.groups, 0.0)
            return lost.bounds[0]

        judge = chance.Judge(
            measure.name,
            theirs.value(),
            measure.higher_is_better,
            measure.points,
            lambda one: of(one).value(),
            ahead,
            _blind(trial),
        )
        return chance.doubt(judge, source)

    @property
    def _looked_at(self) -> int:
        """Of how many samples chance is asked: all where they are compared with each other."""
        everything = isinstance(self.trial(self.source).source, Located)
        total = len(next(iter(self.source.values())))
        return total if everything else min(total, LOOKED_AT)

    def trial(self, answers: Answers) -> Trial:
        """What judges answers to the first n samples; made once for each n."""
        count = len(next(iter(answers.values())))
        if count not in self._trials:
            self._trials[count] = self._trial(count)
        return self._trials[count]

    def _trial(self, count: int) -> Trial:
        rows = np.setdiff1d(np.arange(count), self.unscored)
        if not len(rows):
            raise NoNumbers(
                f"the source model answers NaN for all {count} samples",
                "Check the data's preprocessing and the model.",
            )
        samples = self.samples.take(rows)
        task, contexts = self.settled.task(samples), self.settled.contexts(samples)
        outputs = {name: each[rows] for name, each in self.source.items()}
        answers, truths = task.answers(outputs, contexts), self.settled.truths(samples)
        if truths is None:
            truths = task.truths_of(answers)
        judged = task.judged(answers, truths)
        own = self._of(judged)
        if not np.isfinite(own.value()):
            raise BadInput(
                f"the {self.metric.name} of the source's own answers to {len(rows)} samples is not "
                "defined: there is nothing in them that could be found.",
                "Give samples with labels that the measure counts.",
            )
        alike = None if self.alike is None else self.alike[rows]
        units = units_of(judged, len(own), len(rows))
        groups, alike = together(units, samples.groups, alike, truths, len(own))
        parts = SourceSlices(judged, self.metric.measure, samples.groups)
        return Trial(rows, samples, task, contexts, truths, judged, parts, units, groups, alike)

    def _column(self, trial: Trial, name: str) -> np.ndarray:
        """[m], of what contributes."""
        found = slices.column(trial.samples, name)
        if trial.units is None:
            raise BadInput(
                f"the samples of each contribution of {self.settled.facts.name} are not known, so "
                f"that {name!r} cannot slice them.",
                "Leave --slice-by out.",
            )
        return found[trial.units]

    def _of(self, judged: Judged) -> Contributions:
        return judged.contributions(self.metric.measure.name)

    def _both(self, trial: Trial, judged: Judged) -> tuple[Contributions, Contributions]:
        return self._of(judged), self._of(trial.source)


def _blind(trial: Trial) -> list[chance.Trivial]:
    """What the task itself knows to answer well without looking."""
    if not isinstance(trial.task, Blind) or trial.samples.sizes is not None:
        return []  # of an open axis only the source's answers say where they end
    known = trial.task.blind(trial.truths)
    return [chance.Trivial(answers, what, decoded=True) for what, answers in known.items()]
