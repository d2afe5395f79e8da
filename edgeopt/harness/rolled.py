"""Answers of a model with a memory: sequences are rolled by the runner, its states given back."""

from __future__ import annotations

from dataclasses import dataclass

from edgeopt.domain.tensor import Binding
from edgeopt.harness.feed import Feed
from edgeopt.harness.subject import Subject

#: Steps asked for at once for each sample that would be; one sequence at least.
STEPS = 8


@dataclass(frozen=True)
class State:
    """One state of an artifact, as `runner.rolled.Carried` takes it.

    Attributes:
        output, into: where it leaves, and where it goes in at the next step.
        shape: in the source.
    """

    output: Binding
    into: Binding
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Rolling:
    """What `roll` is asked, but for files and which sequences.

    Attributes:
        wanted: positions of the outputs that are answers.
        steps: of each sequence, from its first.
        kept: for each sequence that is asked for the steps before which its states are kept.
    """

    wanted: tuple[int, ...]
    states: tuple[State, ...]
    steps: int
    kept: tuple[tuple[int, ...], ...] = ()


def states(subject: Subject, feed: Feed) -> tuple[State, ...]:
    """The states that an artifact has; one that no answer depends on it may have left out."""
    outputs = {binding.source: binding for binding in subject.outputs}
    inputs = {binding.source: binding for binding in subject.inputs}
    return tuple(
        State(outputs[output], inputs[name], feed.shape_of(name))
        for output, name in feed.states.items()
        if output in outputs and name in inputs
    )


def sequences_a_request(chunk: int, steps: int) -> int:
    """How many sequences are asked for at once, where it would be `chunk` samples."""
    return max(1, STEPS * chunk // steps)
