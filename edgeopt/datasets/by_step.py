"""Sequences judged step by step: each step is a sample, and those of one sequence are a group.

Where the data has one label a sequence, its last step is the answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput

#: The column by which an error that grows along a sequence is seen, and how many parts it has.
POSITION, PARTS = "position", 4

Answers = Mapping[str, np.ndarray]


def samples(sequences: Samples) -> Samples:
    """What is judged of sequences: a sample for each step, or for each sequence its last step.

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
    if _of_last(sequences):
        last = {name: array[:, -1] for name, array in inputs.items()}
        return replace(sequences, inputs=last, steps=0)
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
    """The answers to what `samples` gives: {output: [n, steps, *shape]} -> [m, *shape]."""
    if not sequences.steps:
        return dict(rolled)
    if _of_last(sequences):
        return {name: array[:, -1] for name, array in rolled.items()}
    return {name: _flat(array) for name, array in rolled.items()}


def judged(
    sequences: Samples, models: Sequence[Answers]
) -> tuple[Samples, list[dict[str, np.ndarray]]]:
    """`samples` with the `answers` of each model to them."""
    return samples(sequences), [answers(sequences, one) for one in models]


def columns(judged: Samples) -> tuple[str, ...]:
    """What steps are sliced by without being asked for: where they are in their sequence."""
    return (POSITION,) if POSITION in judged.columns else ()


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


def _of_last(sequences: Samples) -> bool:
    """Whether there is one label a sequence.

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


def _positions(steps: int) -> np.ndarray:
    """str[steps]: the part of the sequence that each step is in."""
    edges = np.linspace(0, steps, min(PARTS, steps) + 1).round().astype(int)
    words = [f"steps {a + 1} to {b}" for a, b in itertools.pairwise(edges)]
    return np.repeat(words, np.diff(edges))


def _flat(array: np.ndarray) -> np.ndarray:
    """[n, steps, ...] -> [n * steps, ...]."""
    return array.reshape(-1, *array.shape[2:])
