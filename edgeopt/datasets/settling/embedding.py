"""Embeddings: judged by identities, by pairs, or by the source's own directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeopt.datasets.marked_pairs import MarkedPairs
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.embedding import Directions, Embedding, Identities, Pairs


@dataclass(frozen=True)
class SettledEmbedding:
    """See `settled.Settled`."""

    facts: TaskFacts
    found: Embedding
    pairs: Pairs | None = None

    def task(self, samples: Samples) -> Embedding:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[None]:
        """See the protocol."""
        return [None] * len(samples)

    def truths(self, samples: Samples) -> Identities | Pairs | None:
        """See the protocol. Raises BadInput where the pairs of a part say another thing."""
        found = _truths(samples)
        _require_alike(found, self.pairs, samples.origin)
        return found


def settle(given: Given) -> SettledEmbedding:
    """The kind of truth that the data gives.

    Raises:
        BadInput: the labels are no identities.
    """
    known = _truths(given.samples)
    kind = Directions if known is None else type(known)
    facts = TaskFacts(
        name="embedding",
        why="--pairs" if isinstance(known, Pairs) else "--task",
        size=() if given.marked is None else given.size,
        output=given.output,
        preparation=given.preparation(),
    )
    pairs = known if isinstance(known, Pairs) else None
    return SettledEmbedding(facts, Embedding(given.output, kind), pairs)


def _require_alike(found: Identities | Pairs | None, first: Pairs | None, origin: str) -> None:
    """Of all parts it is said whether pairs are the same, or of all how much they are alike."""
    if not isinstance(found, Pairs) or first is None:
        return
    if (found.same is None) == (first.same is None):
        return
    own, other = (
        "how much they are alike" if one.same is None else "whether they are the same"
        for one in (found, first)
    )
    raise BadInput(
        f"the pairs of {origin} say {own}, and those of --data say {other}.",
        "Give both files the same column: same, or likeness.",
    )


def _truths(samples: Samples) -> Identities | Pairs | None:
    if isinstance(samples.marks, MarkedPairs):
        return samples.marks.pairs
    labels = samples.labels
    if labels is None:
        return None
    if labels.size != len(labels):
        raise BadInput(
            f"an embedding is judged by one identity for each sample, and the labels have shape "
            f"{list(labels.shape[1:])}.",
            "Give 'labels' [n], or --pairs FILE.",
        )
    return Identities(labels.reshape(len(labels)))
