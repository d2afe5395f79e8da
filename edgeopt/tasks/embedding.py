"""Embeddings: neighbours (recall@k, nDCG@k), verification (EER, AUC), similarity (STS).

What the model gives is compared by cosine. For neighbours a query is a sample, and resampling draws
queries; what they are looked for in stays as it is, since a repeated sample would find itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import correlation, curves, ranking
from edgeopt.tasks.contributions import Contributions, Floats, Integers, Sums, Table
from edgeopt.tasks.counted import mean
from edgeopt.tasks.task import Measure, Outputs

_BLOCK = 512  # queries at a time
#: The nearest that are kept of each query, and all that score as the last of them: k goes so far.
DEPTH = 100


@dataclass(frozen=True, eq=False)
class Identities:
    """Who or what each of n samples is.

    Attributes:
        values: [n]. gallery: bool[n], what is looked in; None: all, for each sample.
    """

    values: np.ndarray
    gallery: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Pairs:
    """m pairs of samples; either `same` or `likeness` is there.

    Attributes:
        left, right: int64[m], numbers of the data's samples.
        same: bool[m], whether both are of one identity. likeness: float64[m], any scale.
    """

    left: Integers
    right: Integers
    same: np.ndarray | None = None
    likeness: np.ndarray | None = None
    origin: str = ""

    def __len__(self) -> int:
        return len(self.left)


@dataclass(frozen=True, eq=False)
class Directions:
    """The source's own embeddings, [n, d]: the truth where there are no labels."""

    values: Floats


Truths = Identities | Pairs | Directions


def unit(embeddings: np.ndarray) -> Floats:
    """[n, d] of [n, ...], of length 1; one that is 0 or not finite stays 0: like nothing.

    Raises:
        BadInput: there is no value to compare.
    """
    found = embeddings.reshape(len(embeddings), -1).astype(np.float64)
    if found.shape[1] < 2:
        raise BadInput(
            f"an embedding of {found.shape[1]} value cannot be compared by its direction.",
            "Name the output that holds the embedding.",
        )
    found = np.where(np.isfinite(found).all(axis=1, keepdims=True), found, 0)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.divide(found, length, out=np.zeros_like(found), where=length > 0)


def likeness(embeddings: np.ndarray, left: np.ndarray, right: np.ndarray) -> Floats:
    """[m]: the cosine of each pair of samples."""
    found = unit(embeddings)
    alike: Floats = np.einsum("md,md->m", found[left], found[right])
    return alike


def neighbours(
    embeddings: np.ndarray,
    identities: np.ndarray,
    gallery: np.ndarray | None = None,
    depth: int = DEPTH,
) -> ranking.Lists:
    """Each query's candidates: all of the gallery but itself; right are those of its identity.

    Queries whose identity nobody else has are left out. What is wrong and farther than the nearest
    `depth` is left out, too: metrics at k are exact up to there.

    Args:
        identities: [n], any values. gallery: bool[n], what is looked in; the others are the
            queries. None: each sample is a query, and the rest its gallery.

    Raises:
        BadInput: no query has anything to find, or there is nothing else that could be found.
    """
    found = unit(embeddings)
    _, identity = np.unique(identities, return_inverse=True)
    inside = np.ones(len(found), bool) if gallery is None else gallery.astype(bool)
    queries = queries_of(identities, gallery)
    if not len(queries):
        raise BadInput(
            "no sample has another of its identity to be found.",
            "Give labels that say who or what each sample is, with two samples of some at least.",
        )
    if len(np.unique(identity[inside])) < 2:
        of, into = ("", "") if gallery is None else (" of the gallery", " in the gallery")
        raise BadInput(
            f"all samples{of} are of one identity: whatever is nearest is right.",
            f"Give labels that say who or what each sample is, with samples of two at least{into}.",
        )
    parts = [
        _block(found, identity, np.flatnonzero(inside), queries[i : i + _BLOCK], i, depth)
        for i in range(0, len(queries), _BLOCK)
    ]
    query, scores, relevance = (np.concatenate(one) for one in zip(*parts, strict=True))
    return ranking.lists(query, scores, relevance)


def queries_of(identities: np.ndarray, gallery: np.ndarray | None = None) -> Integers:
    """int[q]: the samples that have something to find, as `neighbours` takes them."""
    _, identity = np.unique(identities, return_inverse=True)
    count = len(identity)
    inside = np.ones(count, bool) if gallery is None else gallery.astype(bool)
    queries = np.arange(count) if gallery is None else np.flatnonzero(~inside)
    others = np.bincount(identity[inside], minlength=identity.max(initial=0) + 1)
    return queries[others[identity[queries]] > (1 if gallery is None else 0)].astype(np.int64)


def _block(
    found: Floats,
    identity: np.ndarray,
    inside: np.ndarray,
    queries: np.ndarray,
    first: int,
    depth: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores = found[queries] @ found[inside].T
    scores[queries[:, None] == inside] = -np.inf
    place = min(depth, scores.shape[1])
    farthest = -np.partition(-scores, place - 1, axis=1)[:, place - 1, None]
    right = identity[queries][:, None] == identity[inside]
    kept = ((scores >= farthest) | right) & (scores > -np.inf)
    rows, columns = np.nonzero(kept)
    return rows + first, scores[rows, columns], right[rows, columns].astype(np.float64)


def verification(
    embeddings: np.ndarray, left: np.ndarray, right: np.ndarray, same: np.ndarray
) -> curves.Told:
    """Pairs told apart by their cosine: for `curves.Area` and `curves.EqualErrorRate`.

    Pairs share samples: give the samples' identities as groups where an interval matters.
    """
    return curves.told(likeness(embeddings, left, right), same)


def similarity(
    embeddings: np.ndarray, left: np.ndarray, right: np.ndarray, truth: np.ndarray
) -> tuple[Sums, correlation.Spearman]:
    """Pearson's and Spearman's correlation of the pairs' cosine with what people said (STS)."""
    alike = likeness(embeddings, left, right)
    return correlation.pearson(alike, truth), correlation.spearman(alike, truth)


COSINE = "cosine"
_NEIGHBOURS = {
    "recall@1": partial(ranking.recall, k=1),
    "hit@1": partial(ranking.hit_rate, k=1),
    "recall@10": partial(ranking.recall, k=10),
    "ndcg@10": partial(ranking.ndcg, k=10),
}
_CURVES: dict[str, Callable[[curves.Told], Contributions]] = {
    "eer": curves.EqualErrorRate,
    "auc": curves.Area,
}
_CORRELATIONS: dict[str, Callable[[Floats, Floats], Contributions]] = {
    "spearman": correlation.spearman,
    "pearson": correlation.pearson,
}
#: What each kind of truth is judged by; the first where none is asked for.
MEASURES: dict[type, tuple[Measure, ...]] = {
    Identities: (
        Measure("recall@1", "share of a sample's like that is its nearest", counting=True),
        Measure("hit@1", "samples whose nearest one has the same identity", counting=True),
        Measure("recall@10", "share of a sample's like among its ten nearest", counting=True),
        Measure("ndcg@10", "discounted gain of the ten nearest by the best possible"),
    ),
    Pairs: (
        Measure("eer", "equal error rate over pairs", higher_is_better=False, counting=True),
        Measure("auc", "area under the ROC curve over pairs", counting=True),
        Measure("spearman", "Spearman's correlation of the pairs' cosine with what people said"),
        Measure("pearson", "Pearson's correlation of the pairs' cosine with what people said"),
    ),
    Directions: (Measure(COSINE, "cosine of each embedding with the source's own"),),
}
EVERY_MEASURE = tuple(measure for of_kind in MEASURES.values() for measure in of_kind)


@dataclass(frozen=True)
class Embedding:
    """A model whose output is compared by its direction.

    Contributions have one entry for each query that has something to find (`neighbours`), for each
    pair, or for each sample where the source is the truth.

    Attributes:
        output: its name. kind: of the truth that the data gives.
    """

    output: str
    kind: type
    name: str = field(default="embedding", init=False)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those of the kind of truth."""
        return MEASURES[self.kind]

    def answers(self, outputs: Outputs, contexts: Sequence[object] = ()) -> Floats:
        """[n, d], of length 1.

        Raises:
            BadInput: the output is missing, or has a single value.
        """
        if self.output not in outputs:
            raise BadInput(
                f"the model has no output {self.output}.", f"It has {', '.join(outputs)}."
            )
        return unit(np.asarray(outputs[self.output]))

    def truths_of(self, answers: Floats) -> Directions:
        """The source's own embeddings, judged by their cosine."""
        return Directions(answers)

    def judged(self, answers: Floats, truths: Truths) -> JudgedEmbeddings:
        """Compare the embeddings with each other, or with the source's.

        Raises:
            ValueError: there are labels for another number of samples.
        """
        if not isinstance(truths, Pairs) and len(truths.values) != len(answers):
            raise ValueError(f"{len(truths.values)} samples have labels, {len(answers)} answers")
        return JudgedEmbeddings(answers, truths)


@dataclass(frozen=True)
class JudgedEmbeddings:
    """Embeddings of length 1 beside what is known of them."""

    answers: Floats
    truths: Truths

    def units(self) -> Integers:
        """The sample of each query, the left one of each pair."""
        if isinstance(self.truths, Identities):
            return queries_of(self.truths.values, self.truths.gallery)
        if isinstance(self.truths, Pairs):
            return self.truths.left
        return np.arange(len(self.answers))

    def contributions(self, measure: str) -> Contributions:
        """What each query, pair or sample adds. Raises KeyError, BadInput."""
        truths = self.truths
        if isinstance(truths, Identities):
            of = _NEIGHBOURS[measure]
            return of(neighbours(self.answers, truths.values, truths.gallery))
        if isinstance(truths, Directions):
            return {COSINE: mean}[measure](np.sum(self.answers * truths.values, axis=1))
        alike = likeness(self.answers, truths.left, truths.right)
        if truths.same is not None:
            return _CURVES[measure](curves.told(alike, truths.same))
        assert truths.likeness is not None
        return _CORRELATIONS[measure](alike, truths.likeness)

    def slices(self, measure: str) -> Mapping[str, Table]:
        """None: an embedding has no parts."""
        return {}
