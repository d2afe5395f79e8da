"""What a task is: how outputs become answers, and how answers are judged.

Protocols and no base classes: a user's own task is any class with these methods, and a test needs
no more than those it calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np

from edgeopt.tasks.contributions import Contributions, Integers, Table

#: All outputs by name -> [n, *the output's shape], or n arrays where the shape differs.
Outputs: TypeAlias = Mapping[str, "np.ndarray[Any, Any] | Sequence[np.ndarray[Any, Any]]"]

Context = TypeVar("Context", contravariant=True)
Answers = TypeVar("Answers")
Truths = TypeVar("Truths")


@dataclass(frozen=True)
class Measure:
    """One way to judge a task's answers.

    Attributes:
        name: the word for --metric. about: one sentence for the user.
        higher_is_better: or lower.
        counting: within 0..1, of samples right or wrong: without a single error it is still
            uncertain. points: within 0..1, so that a drop is told in points; else as a share of the
            source's value. resampling: how its interval is had. Both as in `datasets.Metric`.
    """

    name: str
    about: str
    higher_is_better: bool = True
    counting: bool = False
    points: bool = True
    resampling: Literal["bootstrap", "subsample"] = "bootstrap"


class Judged(Protocol):
    """Answers to n samples that have been compared with their truths, once."""

    def contributions(self, measure: str) -> Contributions:
        """What each sample adds to one of the task's measures. Raises KeyError."""
        ...

    def slices(self, measure: str) -> Mapping[str, Table]:
        """The measure by what the task itself can tell apart: {"class": ..., "size": ...}."""
        ...


@runtime_checkable
class Located(Protocol):
    """Answers whose contributions are of something else than samples; `Judged` besides."""

    def units(self) -> Integers:
        """[m]: the sample that each contribution is of; a query or a pair is of its first."""
        ...


@runtime_checkable
class Printed(Protocol):
    """Answers whose printed value is by a library that people know; `Judged` besides."""

    def printed(self, measure: str) -> float | None:
        """The measure of all samples; None where the library is missing or has no such measure."""
        ...


class Task(Protocol[Context, Answers, Truths]):
    """A task of one model: `Detection` with its head and its input's size, for example.

    Context is what must be known of each sample besides its outputs (how its image was placed),
    Answers and Truths are ragged where the task is: m boxes in n images are arrays of m rows with
    the image of each.
    """

    @property
    def name(self) -> str:
        """The word for --task."""
        ...

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The first is the one that is used where none is asked for."""
        ...

    def answers(self, outputs: Outputs, contexts: Sequence[Context]) -> Answers:
        """The answers to n samples.

        Args:
            outputs: all of the model's, of n samples each. contexts: n.

        Raises:
            BadInput: the outputs are not those of this task's model.
        """
        ...

    def truths_of(self, answers: Answers) -> Truths:
        """The source's answers as the truth: what agreement is measured with, without labels."""
        ...

    def judged(self, answers: Answers, truths: Truths) -> Judged:
        """Compare each sample's answer with its truth.

        Raises:
            ValueError: they are of different numbers of samples.
        """
        ...


@runtime_checkable
class Blind(Protocol):
    """A task that knows what answers well without looking at an input; `Task` besides."""

    def blind(self, truths: Any) -> Mapping[str, Any]:
        """{what they are, in words: answers to as many samples as there are truths}."""
        ...
