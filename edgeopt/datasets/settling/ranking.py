"""Rankers: the candidates of a query are one group, and their labels are how right each is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.contributions import Floats
from edgeopt.tasks.ranking import Candidates, Ranking


@dataclass(frozen=True)
class SettledRanking:
    """See `settled.Settled`."""

    facts: TaskFacts
    output: str

    def task(self, samples: Samples) -> Ranking:
        """See the protocol."""
        return Ranking(self.output, candidates(samples))

    def contexts(self, samples: Samples) -> Sequence[None]:
        """See the protocol."""
        return [None] * len(samples)

    def truths(self, samples: Samples) -> Floats | None:
        """See the protocol."""
        return None if samples.labels is None else candidates(samples).relevance


def settle(given: Given) -> SettledRanking:
    """A sample is one candidate of its group's query.

    Raises:
        BadInput: there are no groups, or no query has candidates that are right and wrong.
    """
    candidates(given.samples)
    facts = TaskFacts(
        name="ranking",
        why="--candidates" if given.asked.candidates else "--task",
        output=given.output,
    )
    return SettledRanking(facts, given.output)


def candidates(samples: Samples) -> Candidates:
    """Those of the queries that have something right and something wrong, or, without labels, more
    than one candidate.

    Raises:
        BadInput: no query has.
    """
    if samples.groups is None:
        raise BadInput(
            f"{samples.origin}: which samples compete is not said.",
            "Give --candidates FILE, or an array 'groups' with the query of each sample.",
        )
    _, query = np.unique(samples.groups, return_inverse=True)
    labels = samples.labels
    relevance = (
        np.zeros(len(query)) if labels is None else labels.reshape(len(labels), -1)[:, 0]
    ).astype(np.float64)
    count = int(query.max(initial=-1)) + 1
    many, right = np.bincount(query, minlength=count), np.bincount(query, relevance > 0, count)
    usable = many > 1 if labels is None else (right > 0) & (right < many)
    if not usable.any():
        raise BadInput(
            f"{samples.origin}: none of {count} queries has candidates that are right and wrong.",
            "Labels above 0 are right; a query needs candidates of both kinds.",
        )
    rows = np.flatnonzero(usable[query])
    rows = rows[np.argsort(query[rows], kind="stable")]
    _, numbered = np.unique(query[rows], return_inverse=True)
    return Candidates(numbered, rows, relevance[rows], samples.origin)
