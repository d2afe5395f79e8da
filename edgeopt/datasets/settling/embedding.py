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

    def task(self, samples: Samples) -> Embedding:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[None]:
        """See the protocol."""
        return [None] * len(samples)

    def truths(self, samples: Samples) -> Identities | Pairs | None:
        """See the protocol."""
        return _truths(samples)


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
    return SettledEmbedding(facts, Embedding(given.output, kind))


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
