"""Poses: the form of the outputs, the key points' names, and the marked ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgeopt import decoding
from edgeopt.datasets.annotations import truths
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Given, placements
from edgeopt.decoding import points
from edgeopt.decoding.placement import Placement
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.keypoints import Poses
from edgeopt.tasks.pose import Pose

#: Heads whose detections have key points.
WITH_POINTS = ("yolo-pose", "blazeface", "yunet")


@dataclass(frozen=True)
class SettledPose:
    """See `settled.Settled`."""

    facts: TaskFacts
    found: Pose

    def task(self, samples: Samples) -> Pose:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[Placement]:
        """See the protocol."""
        return placements(samples, self.found.size)

    def truths(self, samples: Samples) -> list[Poses] | None:
        """See the protocol."""
        marks = samples.marks
        if not isinstance(marks, MarkedImages) or marks.annotated.objects is None:
            return None
        return truths.poses(marks.annotated)


def settle(given: Given) -> SettledPose:
    """The head or form that is named, or that fits.

    Raises:
        BadInput: none fits, or several do.
    """
    form, names = _form(
        given, () if given.marked is None else given.marked.annotated.keypoint_names
    )
    found = Pose(form, given.size, names)
    few = given.samples.take(range(len(given.few)))
    outputs = {name: each[: len(few)] for name, each in given.outputs.items()}
    found.answers(outputs, placements(few, given.size))  # refused before work starts
    facts = TaskFacts(
        name="pose",
        why="--head" if given.asked.head else f"the outputs fit {form}",
        head=form if form in decoding.HEADS else "",
        size=given.size,
        names=names,
        preparation=given.preparation(),
        extra={"form": form},
    )
    return SettledPose(facts, found)


def _form(given: Given, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """(the form or head, names of the points)."""
    asked = given.asked.head
    heads = WITH_POINTS if not asked else tuple(set(WITH_POINTS) & {asked})
    fitting = [(head, names or _numbers(count)) for head in heads if (count := _of(head, given))]
    counts = (len(names),) if names else _lengths(given.few[0])
    fitting += [
        (form, names or _numbers(count))
        for count in counts
        if (form := points.certain(given.few[0], given.size, count)) and asked in ("", form)
    ]
    if len(fitting) == 1:
        return fitting[0]
    told = ", ".join(sorted({form for form, _ in fitting}))
    raise BadInput(
        f"how the outputs hold key points is not certain: {told or 'no form fits'}.",
        f"Give annotated key points, and --head with one of "
        f"{', '.join((*points.FORMS, *WITH_POINTS))}.",
    )


def _of(head: str, given: Given) -> int:
    """How many key points a head finds in the outputs; 0 where they are not that head's."""
    module = decoding.load(head)
    if not module.recognize(given.few, given.size, None):
        return 0
    found = module.decode(given.few[0], given.size, module.DEFAULTS).keypoints
    return 0 if found is None else int(found.shape[1])


def _lengths(one: dict[str, Any]) -> tuple[int, ...]:
    return tuple(sorted({d for array in one.values() for d in array.shape if 1 < d <= 1000}))


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))
