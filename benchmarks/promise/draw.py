"""One user's small set, drawn from a pool whose every answer was recorded."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeopt.datasets import likeness, scores, task_scores
from edgeopt.datasets.bound import bound
from edgeopt.datasets.metric import Metric
from edgeopt.datasets.task_metric import TaskMetric
from edgeopt.domain.score import Drop
from edgeopt.tasks.contributions import Contributions
from edgeopt.tasks.embedding import MEASURES, Embedding, Identities

LIMIT = 0.01
#: Of what is left of a pool, as many as are compared with each other.
MOST_COMPARED = 2000


@dataclass(frozen=True, eq=False)
class Draw:
    """One user's parts, and what is left of the pool.

    Attributes:
        candidates: name -> the answers to the whole pool of the form that this draw calibrated.
    """

    judge: Metric
    source: np.ndarray
    labels: np.ndarray
    groups: np.ndarray | None
    inputs: np.ndarray
    candidates: Mapping[str, np.ndarray]
    choose: np.ndarray
    confirm: np.ndarray
    rest: np.ndarray
    told: bool

    def truth(self, name: str) -> float:
        """The drop on the rest of the pool, as `--max-drop` counts it."""
        truths = self.judge.truths(self.labels, self.source)[self.rest]
        own = self.judge.value(self.candidates[name][self.rest], truths)
        if self.judge.against == "source":
            return 1 - own
        before = self.judge.value(self.source[self.rest], truths)
        return before - own if self.judge.higher_is_better else (own - before) / before

    def point(self, name: str, rows: np.ndarray) -> float:
        """The drop on these rows."""
        return dataclasses.replace(self, rest=rows).truth(name)

    def together(self, rows: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
        """(groups that are told, groups that samples seem to be of)"""
        if self.groups is None or self.told:
            return None if self.groups is None else self.groups[rows], None
        return None, likeness.groups_of({"x": self.inputs[rows]}, self.source[rows])

    def drop(self, name: str, rows: np.ndarray) -> Drop:
        """The drop on a part, as edgeopt scores it."""
        groups, alike = self.together(rows)
        return scores.drop(
            self.judge, self.candidates[name][rows], self.source[rows], self.labels[rows], groups,
            LIMIT, alike,
        )  # fmt: skip

    def bounded(self, name: str, rows: np.ndarray) -> Drop:
        """The drop with its bound alone, which is all that ranking needs."""
        if not self.judge.counting:
            return self.drop(name, rows)
        groups, alike = self.together(rows)
        truths = self.judge.truths(self.labels[rows], self.source[rows])
        at_most = bound(
            self.judge, self.candidates[name][rows], self.source[rows], truths,
            groups if alike is None else alike,
        )  # fmt: skip
        value = self.point(name, rows)
        return Drop(
            value=value, low=value, high=value, interval="", n=len(rows), resolved=False,
            bound=at_most,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class NeighbourDraw(Draw):
    """The same, judged by a task: outputs are embeddings, and a class is who a sample is."""

    def truth(self, name: str) -> float:
        """See `Draw`."""
        rows = self.rest[:MOST_COMPARED]
        own, source = (self._of(one, rows) for one in (self.candidates[name], self.source))
        return source.value() - own.value()

    def drop(self, name: str, rows: np.ndarray) -> Drop:
        """See `Draw`."""
        measure = MEASURES[Identities][0]
        own, source = (self._of(one, rows) for one in (self.candidates[name], self.source))
        by = TaskMetric(measure, "labels", resamples=self.judge.resamples)
        return task_scores.drop(by, own, source, None, LIMIT)

    def bounded(self, name: str, rows: np.ndarray) -> Drop:
        """See `Draw`."""
        return self.drop(name, rows)

    def _of(self, answers: np.ndarray, rows: np.ndarray) -> Contributions:
        task = Embedding("", Identities)
        judged = task.judged(task.answers({"": answers[rows]}), Identities(self.labels[rows]))
        return judged.contributions(MEASURES[Identities][0].name)
