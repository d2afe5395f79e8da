"""Ranking: hit rate, recall, nDCG and reciprocal rank of lists of candidates.

Candidates of equal scores stand in no order, and int8 gives many: what counts is the mean over
all orders of them, as scikit-learn's `ndcg_score` has it (McSherry and Najork, ECIR 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.tasks.contributions import Contributions, Floats, Integers, Sums, Table
from edgeopt.tasks.counted import mean
from edgeopt.tasks.task import Measure, Outputs


@dataclass(frozen=True, eq=False)
class Candidates:
    """m candidates of q queries, those of one query beside each other.

    Attributes:
        query: int64[m], 0..q-1, never falling. sample: int64[m], numbers of the data's samples.
        relevance: float64[m], >= 0; above 0 is right, and more is better for nDCG.
    """

    query: Integers
    sample: Integers
    relevance: Floats
    origin: str = ""

    @property
    def queries(self) -> int:
        """q."""
        return int(self.query[-1]) + 1


@dataclass(frozen=True)
class Lists:
    """m candidates of q queries, by query and falling score.

    Attributes:
        queries: q. query: int[m], 0..q-1. relevance: float[m], above 0 is right.
        tie: int[m], number of the group of equal scores. before: int[m], how many of the query
            score higher. size: int[m], how many score the same.
    """

    queries: int
    query: Integers
    relevance: Floats
    tie: Integers
    before: Integers
    size: Integers


def lists(query: np.ndarray, scores: np.ndarray, relevance: np.ndarray) -> Lists:
    """Candidates with the model's scores, [m] each; those that are nan come last.

    Args:
        query: int[m], 0..q-1, in any order.

    Raises:
        BadInput: there is a score for each of another number of candidates.
    """
    if len(scores) != len(query):
        raise BadInput(
            f"there are {len(query)} candidates, but {len(scores)} scores.",
            "Give one sample, and so one score, for each candidate.",
        )
    known = np.where(np.isnan(scores), -np.inf, scores).astype(np.float64)
    order = np.lexsort((-known, query))
    query, known = query[order].astype(np.int64), known[order]
    place = np.arange(len(query))
    new_query = np.diff(query, prepend=-1) != 0
    new_tie = new_query | (np.diff(known, prepend=np.nan) != 0) & ~_both_infinite(known)
    tie = np.cumsum(new_tie) - 1
    begins = place[new_tie][tie]
    first = np.maximum.accumulate(np.where(new_query, place, 0))
    return Lists(
        int(query.max(initial=-1)) + 1,
        query,
        relevance[order].astype(np.float64),
        tie,
        begins - first,
        np.bincount(tie)[tie],
    )


def _both_infinite(known: Floats) -> np.ndarray:
    """bool[m]: as low as the one before it, of which a difference would be nan."""
    return np.isneginf(known) & np.isneginf(np.roll(known, 1))


def recall(found: Lists, k: int) -> Sums:
    """The mean share of what is right that is among the first k."""
    right = found.relevance > 0
    inside = _share_inside(found, k)
    there = np.bincount(found.query, inside * right, found.queries)
    return mean(_by(there, np.bincount(found.query, right, found.queries)))


def hit_rate(found: Lists, k: int) -> Sums:
    """The share of queries with something right among the first k."""
    right = np.bincount(found.tie, found.relevance > 0)  # [ties]
    one = _one_of_each(found)
    inside = np.clip(k - found.before[one], 0, found.size[one])
    none = np.exp(_log_none(found.size[one], right, inside))
    missed = np.zeros(found.queries)
    np.add.at(missed, found.query[one], np.log(np.maximum(none, 1e-300)))
    return mean(np.where(missed < -600, 1.0, 1 - np.exp(missed)))


def reciprocal_rank(found: Lists) -> Sums:
    """The mean of 1 / rank of the first candidate that is right (MRR)."""
    right = np.bincount(found.tie, found.relevance > 0)
    one = np.flatnonzero(np.diff(found.tie, prepend=-1))
    holding = np.flatnonzero(right > 0)
    queries, first = np.unique(found.query[one[holding]], return_index=True)
    values = np.zeros(found.queries)
    for query, tie in zip(queries, holding[first], strict=True):
        values[query] = _reciprocal(
            int(found.before[one[tie]]), int(found.size[one[tie]]), int(right[tie])
        )
    return mean(values)


def _reciprocal(before: int, size: int, right: int) -> float:
    """The mean of 1 / rank of the first of `right` among `size` in random order behind `before`."""
    places = np.arange(1, size - right + 2)
    later = _log_choose(size - places, np.array(right - 1)) - _log_choose(
        np.array(size), np.array(right)
    )
    return float(np.sum(np.exp(later) / (before + places)))


def ndcg(found: Lists, k: int) -> Sums:
    """The mean of discounted gain among the first k, by the best possible; gain is the relevance.

    A query without anything right does not count.
    """
    longest = int((found.before + found.size).max(initial=0))
    discounts = np.where(np.arange(longest) < k, 1 / np.log2(np.arange(longest) + 2), 0)
    total = np.concatenate([[0], np.cumsum(discounts)])
    share = (total[found.before + found.size] - total[found.before]) / found.size
    gained = np.bincount(found.query, found.relevance * share, found.queries)
    best = _best(found, discounts)
    return mean(_by(gained, best))


def _best(found: Lists, discounts: Floats) -> Floats:
    """[q]: the discounted gain of the best order."""
    order = np.lexsort((-found.relevance, found.query))
    starts = np.flatnonzero(np.diff(found.query, prepend=-1))
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
    gains = found.relevance[order] * discounts[rank]
    return np.bincount(found.query[order], gains, found.queries).astype(np.float64)


def _share_inside(found: Lists, k: int) -> Floats:
    """[m]: how probably each candidate stands among the first k."""
    share: Floats = np.clip(k - found.before, 0, found.size) / found.size
    return share


def _one_of_each(found: Lists) -> Integers:
    """[ties]: the first candidate of each group of equal scores."""
    return np.flatnonzero(np.diff(found.tie, prepend=-1))


def _log_none(size: Integers, right: Integers, drawn: Integers) -> Floats:
    """How probably none of `right` of `size` is among `drawn` of them (hypergeometric), as log."""
    possible = size - right >= drawn
    kept = np.where(possible, drawn, 0)
    log = _log_choose(size - right, kept) - _log_choose(size, kept)
    return np.where(possible, log, -np.inf)


def _log_choose(n: np.ndarray, k: np.ndarray) -> Floats:
    from scipy.special import gammaln

    found: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found


def _by(above: np.ndarray, below: np.ndarray) -> Floats:
    """above / below; nan where that is 0: such a query does not count."""
    out = np.full(len(above), np.nan)
    return np.divide(above.astype(np.float64), below, out=out, where=below > 0)


FIRST = 10
METRICS: dict[str, Callable[[Lists], Sums]] = {
    "ndcg@10": lambda found: ndcg(found, FIRST),
    "hr@10": lambda found: hit_rate(found, FIRST),
    "hr@1": lambda found: hit_rate(found, 1),
    "recall@10": lambda found: recall(found, FIRST),
    "mrr": reciprocal_rank,
}
MEASURES = (
    Measure("ndcg@10", "discounted gain of the first ten by the best possible"),
    Measure("hr@10", "queries with something right among the first ten", counting=True),
    Measure("hr@1", "queries whose first candidate is right", counting=True),
    Measure("recall@10", "share of what is right among the first ten"),
    Measure("mrr", "mean of 1 / rank of the first that is right"),
)


@dataclass(frozen=True)
class Ranking:
    """A model that scores a sample, which is one candidate of a query.

    What is resampled is queries: contributions have one entry for each.

    Attributes:
        output: its name. candidates: which samples compete.
    """

    output: str
    candidates: Candidates
    name: str = field(default="ranking", init=False)
    measures: tuple[Measure, ...] = field(default=MEASURES, init=False)

    def answers(self, outputs: Outputs, contexts: Sequence[object] = ()) -> Floats:
        """[m]: the score of each candidate.

        Raises:
            BadInput: the output is missing, or has more than one value for a sample.
        """
        scores = outputs.get(self.output)
        if not isinstance(scores, np.ndarray) or scores[:1].size != 1:
            shapes = (f"{name} {list(np.shape(one[0]))}" for name, one in outputs.items())
            raise BadInput(
                f"ranking needs an output of one score, and the model has {', '.join(shapes)}.",
                "Name the output that holds the score.",
            )
        return np.asarray(scores, np.float64).reshape(-1)[self.candidates.sample]

    def truths_of(self, answers: Floats) -> Floats:
        """The source's best candidate of each query is right, and nothing else."""
        best = np.full(self.candidates.queries, -np.inf)
        np.maximum.at(best, self.candidates.query, answers)
        return (answers == best[self.candidates.query]).astype(np.float64)

    def judged(self, answers: Floats, truths: Floats) -> JudgedLists:
        """Rank each query's candidates; truths: the relevance of each candidate.

        Raises:
            ValueError: they are of different numbers of candidates.
        """
        if len(answers) != len(truths):
            raise ValueError(f"{len(truths)} candidates have labels, {len(answers)} were scored")
        _, first = np.unique(self.candidates.query, return_index=True)
        found = lists(self.candidates.query, answers, truths)
        return JudgedLists(found, self.candidates.sample[first])


@dataclass(frozen=True)
class JudgedLists:
    """Ranked candidates of q queries. `first`: int[q], a sample of each."""

    lists: Lists
    first: Integers

    def units(self) -> Integers:
        """A sample of each query."""
        return self.first

    def contributions(self, measure: str) -> Contributions:
        """What each query adds to a measure. Raises KeyError."""
        return METRICS[measure](self.lists)

    def slices(self, measure: str) -> Mapping[str, Table]:
        """None: a query has no parts."""
        return {}
