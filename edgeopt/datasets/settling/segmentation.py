"""Segmenters: how many classes, and the masks that are the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.annotations import truths
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Given, placements
from edgeopt.decoding import class_map
from edgeopt.decoding.outputs import WrongHead
from edgeopt.decoding.placement import Placement
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.segmentation import Segmentation

#: Of a map of text, as DB has it (Liao, AAAI 2020); else of one plane of probabilities.
DB_THRESHOLD, THRESHOLD = 0.3, 0.5


@dataclass(frozen=True)
class SettledSegmentation:
    """See `settled.Settled`."""

    facts: TaskFacts
    found: Segmentation

    def task(self, samples: Samples) -> Segmentation:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[Placement]:
        """See the protocol."""
        return placements(samples, self.found.size)

    def truths(self, samples: Samples) -> list[np.ndarray] | None:
        """See the protocol."""
        marks = samples.marks
        if not isinstance(marks, MarkedImages) or marks.annotated.masks is None:
            return _labelled(samples, self.found.size, len(self.found.names))
        return truths.maps(marks.annotated, len(self.found.names))


def settle(given: Given) -> SettledSegmentation:
    """The map among the outputs.

    Raises:
        BadInput: no output is a map, or several are.
    """
    given_names = () if given.marked is None else given.marked.annotated.names
    try:
        classes = class_map.count(given.few[0], given.size)
    except WrongHead as error:
        raise BadInput(str(error), "Name another --task.") from error
    classes = classes or len(given_names) or _highest(given) + 1
    if given_names and len(given_names) != classes:
        raise BadInput(
            f"the model has {classes} classes, and the data names {len(given_names)}.",
            "Give the data that the model was trained for, with its classes in its order.",
        )
    names = given_names or tuple(map(str, range(classes)))
    text = given.asked.head == "db"
    first, threshold = (1 if classes == 2 else 0), DB_THRESHOLD if text else THRESHOLD
    found = Segmentation(given.size, names, first, threshold)
    facts = TaskFacts(
        name="segmentation",
        why="--head" if text else "--task" if given.asked.task else "the data has masks",
        size=given.size,
        names=names,
        preparation=given.preparation(),
        extra={"first": first, "threshold": threshold, **({"polygons": True} if text else {})},
    )
    return SettledSegmentation(facts, found)


def _highest(given: Given) -> int:
    numbers = [class_map.read(one, given.size) for one in given.few]
    return max(int(one.max(initial=0)) for one in numbers)


def _labelled(samples: Samples, size: tuple[int, int], classes: int) -> list[np.ndarray] | None:
    """Labels [n, height, width] of class numbers, of an .npz; 255 and -1 are no class."""
    labels = samples.labels
    if labels is None:
        return None
    maps = labels.reshape(len(labels), *(d for d in labels.shape[1:] if d != 1))
    if maps.shape[1:] != size or maps.dtype.kind not in "biu":
        raise BadInput(
            f"the labels have shape {list(labels.shape[1:])}, and the model's input {list(size)}.",
            "Give a class number for each pixel of the input, or photos with --masks.",
        )
    none = (maps == 255) | (maps == -1)
    beyond = maps[~none & ((maps < 0) | (maps >= classes))]
    if beyond.size:
        raise BadInput(
            f"the labels hold class {int(beyond[0])}, but the model has {classes} classes "
            f"(0 to {classes - 1}).",
            "Give class numbers of the model; 255 or -1 where there is no class.",
        )
    return list(np.where(none, -1, maps).astype(np.int16))
