"""How a detector numbers the classes of a COCO file whose ids have gaps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeopt import decoding
from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.datasets.settling.settled import Given, placements
from edgeopt.tasks import detection

#: Ids up to it are numbered with their gaps.
MAX_ID = 10_000
#: Heads whose outputs do not say how many classes there are, and TensorFlow's number by id.
_BY_ID_FIRST = ("ssd-postprocess",)


@dataclass(frozen=True)
class Numbering:
    """The classes in the order of a model's numbers.

    Attributes:
        names: of all its classes. numbers: of each class of the data; (): as the data has them.
        words: how, where ids have gaps; "" where there is nothing to choose.
    """

    names: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    words: str = ""

    def of(self, annotated: Annotated) -> Annotated:
        """What is marked, with the model's numbers of its classes."""
        if not self.numbers or annotated.objects is None:
            return annotated
        table = np.array(self.numbers)
        objects = tuple(replace(one, classes=table[one.classes]) for one in annotated.objects)
        return replace(annotated, objects=objects, names=self.names)


def numberings(annotated: Annotated | None) -> tuple[Numbering, ...]:
    """The ways to number classes, the usual one first; more than one where ids have gaps.

    In the order of the ids; by the id itself (DETR, torchvision); by the id less 1 (TensorFlow).
    """
    if annotated is None:
        return (Numbering(),)
    plain = Numbering(annotated.names)
    ids = annotated.ids
    if not ids or ids == tuple(range(1, len(ids) + 1)) or max(ids) > MAX_ID or min(ids) < 1:
        return (plain,)
    return (
        Numbering(annotated.names, (), "classes in the order of their ids, gaps left out"),
        _by_id(annotated, 0, "classes by their ids, gaps and 0 included"),
        _by_id(annotated, 1, "classes by their ids less 1, gaps included"),
    )


def _by_id(annotated: Annotated, less: int, words: str) -> Numbering:
    numbers = tuple(one - less for one in annotated.ids)
    known = dict(zip(numbers, annotated.names, strict=True))
    every = range(max(numbers) + 1)
    names = tuple(known.get(i, f"(no category {i + less})") for i in every)
    return Numbering(names, numbers, words)


def fitting(given: Given, head: str, ways: Sequence[Numbering]) -> Numbering:
    """The way that fits a head's outputs: by how many classes they are, else by those found.

    Where several fit it is the first; where none does it is the usual one.
    """
    if len(ways) == 1:
        return ways[0]
    module = decoding.load(head)
    usual = (*ways[2:], *ways[:2]) if head in _BY_ID_FIRST else tuple(ways)
    counted = [way for way in usual if module.recognize(given.few, given.size, len(way.names))]
    if len(counted) < 2:
        return next(iter(counted), ways[0])
    return next(_holding(counted, _seen(given, head)), counted[0])


def _holding(ways: Sequence[Numbering], seen: set[int]) -> Iterator[Numbering]:
    """Those in which each class that was found is one of the data's."""
    for way in ways:
        if seen <= set(way.numbers or range(len(way.names))):
            yield way


def _seen(given: Given, head: str) -> set[int]:
    """The classes of the source's own sure detections in a few images."""
    found = detection.Detection(head, given.size, ())
    few = given.samples.take(range(len(given.few)))
    outputs = {name: each[: len(few)] for name, each in given.outputs.items()}
    sure = found.shown(found.answers(outputs, placements(few, given.size)))
    return {int(number) for number in sure.classes}
