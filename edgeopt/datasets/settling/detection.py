"""Detectors: which head, which classes, and the boxes that are the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeopt import decoding
from edgeopt.datasets.annotations import truths
from edgeopt.datasets.annotations.truths import Shape
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.numbering import Numbering, fitting, numberings
from edgeopt.datasets.settling.settled import Given, placements
from edgeopt.decoding.outputs import CERTAIN
from edgeopt.decoding.placement import NoPlacement, Placement
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks import detection
from edgeopt.tasks.boxed import GroundTruth


@dataclass(frozen=True)
class SettledDetection:
    """See `settled.Settled`."""

    facts: TaskFacts
    found: detection.Detection
    metric: str = ""
    way: Numbering = field(default_factory=Numbering)

    def task(self, samples: Samples) -> detection.Detection:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[Placement]:
        """See the protocol."""
        return _places(samples, self.found)

    def truths(self, samples: Samples) -> GroundTruth | None:
        """See the protocol."""
        marks = samples.marks
        if not isinstance(marks, MarkedImages) or marks.annotated.objects is None:
            return None
        return truths.boxes(self.way.of(marks.annotated), self.found.names, self._shape)

    @property
    def _shape(self) -> Shape:
        if self.found.head in detection.ROTATED:
            return "rotated"
        of_boxes = {measure.name for measure in detection.MEASURES}
        masks = self.found.head in detection.WITH_MASKS and self.metric not in of_boxes
        return "mask" if masks else "box"


def settle(given: Given) -> SettledDetection:
    """The head that is named, or the one that is certain.

    Raises:
        BadInput: no head is certain, or the named one does not fit the outputs.
    """
    ways = numberings(None if given.marked is None else given.marked.annotated)
    if given.asked.head:
        head, why = _of_family(given, given.asked.head, ways[0].names)
        way = fitting(given, head, ways)
        _require_classes(given, head, way.names)
    else:
        head, why = _recognized(given, ways)
        way = fitting(given, head, ways)
    names, why = way.names, "; ".join(filter(None, (why, way.words)))
    found = detection.Detection(head, given.size, names)
    places = _places(given.samples, found)
    if not names:
        found = detection.Detection(head, given.size, _numbered(given, found))
    facts = TaskFacts(
        name="detection",
        why=why,
        head=head,
        size=given.size,
        names=found.names,
        preparation=given.preparation(),
    )
    settled = SettledDetection(facts, found, given.metric, way)
    few = given.samples.take(range(len(given.few)))
    found.answers(_first(given, len(few)), places[: len(few)])  # refused before work starts
    return settled


def _recognized(given: Given, ways: Sequence[Numbering]) -> tuple[str, str]:
    """The head that is certain with one of the ways to number classes, and what it is known by.

    Raises:
        BadInput: none is.
    """
    first = ""
    for way in ways:
        known, why = detection.recognized(given.few, given.size, way.names)
        if known is not None:
            return known.head, why
        first = first or why
    names = ways[0].names
    classes = f" (the data has {len(names)} classes)" if names else ""
    raise BadInput(
        f"the detector's head is not certain{classes}: {first}.",
        f"Add --head with one of {', '.join(decoding.HEADS)}.",
    )


def _places(samples: Samples, found: detection.Detection) -> Sequence[Placement]:
    """How images lie in the input. Raises BadInput where rotated boxes cannot be taken back."""
    places = placements(samples, found.size)
    if found.head in detection.ROTATED:
        for place in places:
            _require_angles(place, samples.origin)
    return places


def _require_angles(place: Placement, origin: str) -> None:
    """Refuse an image that is stretched: rotated boxes have no angle to keep."""
    try:
        _ = place.side_scale
    except NoPlacement as error:
        height, width = place.image
        raise BadInput(
            f"{origin} has an image of {width} x {height} pixels, and the model answers with "
            f"rotated boxes: {error}.",
            "Prepare the images as the model was trained: --preprocess way=letterbox.",
        ) from error


def _of_family(given: Given, head: str, names: tuple[str, ...]) -> tuple[str, str]:
    """The named head, or the one of its family that fits where it does not; and why.

    `ssd` is what people call both of its forms, `yolo` all of Ultralytics'.
    """
    if decoding.load(head).recognize(given.few, given.size, None):
        return head, "--head"
    family = head.partition("-")[0]
    others = [one for one in decoding.HEADS if one.partition("-")[0] == family and one != head]
    known = {
        one: decoding.load(one).recognize(given.few, given.size, len(names) or None)
        for one in others
    }
    fitting = [one for one in others if known[one].level == CERTAIN]
    fitting = fitting or [one for one in others if known[one]]
    if len(fitting) != 1:
        return head, "--head"  # which refuses the outputs itself, with the shapes that it wants
    return fitting[0], f"--head {head}: {fitting[0]}: {known[fitting[0]].reason}"


def _require_classes(given: Given, head: str, names: tuple[str, ...]) -> None:
    """Refuse data of another number of classes than the outputs have under the named head."""
    module = decoding.load(head)
    told = module.recognize(given.few, given.size, len(names) or None)
    if not told and module.recognize(given.few, given.size, None):
        raise BadInput(
            f"{given.samples.origin} names {len(names)} classes, and the outputs hold others for "
            f"the head {head}: {told.reason}.",
            "Give the data that the model was trained for, with its classes in its order.",
        )


def possible(given: Given) -> bool:
    """Whether the outputs alone are certain to be a detector's."""
    try:
        return detection.recognized(given.few, given.size, ())[0] is not None
    except BadInput:  # no input takes an image
        return False


def _first(given: Given, count: int) -> dict[str, np.ndarray]:
    return {name: each[:count] for name, each in given.outputs.items()}


def _numbered(given: Given, found: detection.Detection) -> tuple[str, ...]:
    """Numbers for names: of the classes that the source's own detections are of."""
    answers = found.answers(given.outputs, placements(given.samples, found.size))
    return tuple(map(str, range(int(answers.classes.max(initial=0)) + 1)))
