"""A task of the user's own: `module:Class`, made without arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgeopt.datasets import function
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.own_task import OwnTask
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.task import Task

_NEEDED = ("name", "measures", "answers", "truths_of", "judged")


@dataclass(frozen=True)
class SettledOwn:
    """See `settled.Settled`. Contexts are the images' placements, or the samples' numbers."""

    facts: TaskFacts
    found: OwnTask

    def task(self, samples: Samples) -> Task[Any, Any, Any]:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[Any]:
        """See the protocol."""
        marks = samples.marks
        if isinstance(marks, MarkedImages):
            return marks.placements
        numbers = samples.numbers
        return range(len(samples)) if numbers is None else [int(one) for one in numbers]

    def truths(self, samples: Samples) -> Any:
        """See the protocol."""
        marks = samples.marks
        if isinstance(marks, MarkedImages):
            known = marks.annotated
            marked = (known.objects, known.masks, known.texts)
            return None if all(one is None for one in marked) else known
        return samples.labels


def settle(given: Given) -> SettledOwn:
    """What `module:Class()` gives.

    Raises:
        BadInput: it cannot be made, or lacks something that a task has.
    """
    word = given.asked.task
    found = function.call(f"{word}()", function.resolve(word))
    lacking = [name for name in _NEEDED if not hasattr(found, name)]
    if lacking:
        raise BadInput(
            f"{word}() is no task: it lacks {', '.join(lacking)}.", "docs/tasks.md has an example."
        )
    size = () if given.marked is None else given.size
    facts = TaskFacts(name=word, why="--task", size=size, preparation=given.preparation())
    return SettledOwn(facts, OwnTask(word, found))
