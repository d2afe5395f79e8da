"""Embeddings: neighbours (recall@k, nDCG@k), verification (EER, AUC), similarity (STS).

What the model gives is compared by cosine. For neighbours a query is a sample, and resampling draws
queries; what they are looked for in stays as it is, since a repeated sample would find itself.
"""

from __future__ import annotations

import numpy as np

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import correlation, curves, ranking
from edgeopt.tasks.contributions import Floats, Sums

_BLOCK = 512  # queries at a time
#: The nearest that are kept of each query, and all that score as the last of them: k goes so far.
DEPTH = 100


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
        BadInput: no query has anything to find.
    """
    found = unit(embeddings)
    _, identity = np.unique(identities, return_inverse=True)
    inside = np.ones(len(found), bool) if gallery is None else gallery.astype(bool)
    queries = np.arange(len(found)) if gallery is None else np.flatnonzero(~inside)
    others = np.bincount(identity[inside], minlength=identity.max(initial=0) + 1)
    queries = queries[others[identity[queries]] > (1 if gallery is None else 0)]
    if not len(queries):
        raise BadInput(
            "no sample has another of its identity to be found.",
            "Give labels that say who or what each sample is, with two samples of some at least.",
        )
    parts = [
        _block(found, identity, np.flatnonzero(inside), queries[i : i + _BLOCK], i, depth)
        for i in range(0, len(queries), _BLOCK)
    ]
    query, scores, relevance = (np.concatenate(one) for one in zip(*parts, strict=True))
    return ranking.lists(query, scores, relevance)


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
