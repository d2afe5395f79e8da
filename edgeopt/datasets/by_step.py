"""Sequences judged step by step: each step is a sample, and those of one sequence are a group.

Where the data has one label a sequence, its last step is the answer, or all steps where it is text.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeopt.datasets.advice import Advice
from edgeopt.datasets.judging import Answers, Judging
from edgeopt.datasets.samples import Samples
from edgeopt.domain.effects import Slices
from edgeopt.domain.errors import BadInput
from edgeopt.domain.score import Drop, Score

#: The column by which an error that grows along a sequence is seen, and how many parts it has.
POSITION, PARTS = "position", 4


@dataclass(frozen=True)
class ByStep:
    """Judges rolled answers; see `judging.Judging`. `inner` judges what `samples` gives."""

    sequences: Samples
    inner: Judging

    @property
    def alike(self) -> np.ndarray | None:
        """See the protocol: of sequences it is not asked."""
        return None

    @property
    def unscored(self) -> np.ndarray:
        """See the protocol: sequences with a step that is not scored."""
        steps = 1 if whole(self.sequences) else self.sequences.steps
        found: np.ndarray = np.unique(self.inner.unscored // steps)
        return found

    def marks(self, answers: Answers, limit: float) -> tuple[Score, Drop]:
        """See the protocol."""
        return self.inner.marks(self._seen(answers), limit)

    def beside(self, answers: Answers, others: Answers, limit: float) -> Drop:
        """See the protocol."""
        return self.inner.beside(self._seen(answers), self._seen(others), limit)

    def slices(self, answers: Answers, by: Sequence[str], limit: float) -> tuple[Slices, ...]:
        """See the protocol; by position in the sequence, too, where each step is judged."""
        by = by if whole(self.sequences) else (*by, POSITION)
        return self.inner.slices(self._seen(answers), by, limit)

    def doubts(self) -> tuple[Advice, ...]:
        """See the protocol."""
        return self.inner.doubts()

    def _seen(self, rolled: Answers) -> dict[str, np.ndarray]:
        return answers(self.sequences, rolled)


def samples(sequences: Samples) -> Samples:
    """What is judged of sequences: a sample for each step, or for each sequence.

    The inputs go along for what only counts them: no states are among them that a step meets.

    Returns:
        Samples with the groups of their sequences and a column `POSITION`; as they were where
        they are no sequences.

    Raises:
        BadInput: the labels are neither one a step nor one a sequence.
    """
    if not sequences.steps:
        return sequences
    steps, n = sequences.steps, len(sequences)
    inputs = {k: a for k, a in sequences.inputs.items() if a.ndim > 1 and a.shape[1] == steps}
    if whole(sequences):
        return replace(sequences, inputs={k: a[:, -1] for k, a in inputs.items()}, steps=0)
    groups = np.arange(n) if sequences.groups is None else sequences.groups
    columns = {name: np.repeat(column, steps) for name, column in sequences.columns.items()}
    labels = sequences.labels
    return replace(
        sequences,
        inputs={name: _flat(array) for name, array in inputs.items()},
        labels=None if labels is None else _flat(labels),
        groups=np.repeat(groups, steps),
        columns={**columns, POSITION: np.tile(_positions(steps), n)},
        numbers=None,
        marks=None,
        steps=0,
    )


def answers(sequences: Samples, rolled: Answers) -> dict[str, np.ndarray]:
    """The answers to what `samples` gives: {output: [n, steps, *shape]} -> [m, *shape].

    A sequence with a label of text is answered by all of its steps one after the other, one with
    a number by the last.
    """
    if not sequences.steps:
        return dict(rolled)
    if not whole(sequences):
        return {name: _flat(array) for name, array in rolled.items()}
    if _is_text(sequences):
        return {name: joined(array) for name, array in rolled.items()}
    return {name: array[:, -1] for name, array in rolled.items()}


def joined(rolled: np.ndarray) -> np.ndarray:
    """[n, steps, *shape] -> [n, *shape] with the frames of all steps along the axis of time.

    A step answers [1, time, classes], [time, 1, classes], [time, classes], [1, classes] or
    [classes].
    """
    n, steps, *shape = rolled.shape
    if len(shape) >= 3 and shape[0] == 1:
        return rolled[:, :, 0].reshape(n, 1, steps * shape[1], *shape[2:])
    return rolled.reshape(n, steps * shape[0], *shape[1:]) if len(shape) > 1 else rolled


def judged(
    sequences: Samples, models: Sequence[Answers]
) -> tuple[Samples, list[dict[str, np.ndarray]]]:
    """`samples` with the `answers` of each model to them."""
    return samples(sequences), [answers(sequences, one) for one in models]


def compared(
    sequences: Samples, rolled: Answers, source: Answers
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Steps of all sequences that were answered, in a seeded order, with the source's beside them.

    For what compares the first of many samples: early steps and late ones are among these.
    """
    if not sequences.steps:
        return dict(rolled), dict(source)
    done = len(next(iter(rolled.values())))
    order = np.random.default_rng(0).permutation(done * sequences.steps)
    both = ({name: a[:done] for name, a in one.items()} for one in (rolled, source))
    own, theirs = ({name: _flat(a)[order] for name, a in one.items()} for one in both)
    return own, theirs


def whole(sequences: Samples) -> bool:
    """Whether there is one label a sequence, not one a step.

    Raises:
        BadInput: there is another number of them.
    """
    labels = sequences.labels
    if labels is None or labels.shape[1:2] == (sequences.steps,):
        return False
    if labels.ndim == 1:
        return True
    raise BadInput(
        f"{sequences.origin}: labels of shape {list(labels.shape)} for {len(sequences)} sequences "
        f"of {sequences.steps} steps",
        "Give one label for each step, [n, steps], or one for each sequence, [n].",
    )


def _is_text(sequences: Samples) -> bool:
    labels = sequences.labels
    return labels is not None and labels.dtype.kind in "UO"


def _positions(steps: int) -> np.ndarray:
    """str[steps]: the part of the sequence that each step is in."""
    edges = np.linspace(0, steps, min(PARTS, steps) + 1).round().astype(int)
    words = [f"steps {a + 1} to {b}" for a, b in itertools.pairwise(edges)]
    return np.repeat(words, np.diff(edges))


def _flat(array: np.ndarray) -> np.ndarray:
    """[n, steps, ...] -> [n * steps, ...]."""
    return array.reshape(-1, *array.shape[2:])
