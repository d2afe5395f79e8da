"""Poses: key points of people, hands or faces in images, judged by OKS-AP and PCK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from edgeopt import decoding
from edgeopt.decoding import points
from edgeopt.decoding.answering import SURE
from edgeopt.decoding.outputs import WrongHead
from edgeopt.decoding.placement import Placement
from edgeopt.domain.errors import BadInput
from edgeopt.tasks import keypoints
from edgeopt.tasks.alone import each_alone
from edgeopt.tasks.average_precision import alone, average_precision
from edgeopt.tasks.contributions import Contributions, Floats, Sums, Table
from edgeopt.tasks.counted import ratio
from edgeopt.tasks.keypoints import Poses
from edgeopt.tasks.matching import Matches
from edgeopt.tasks.tables import Each
from edgeopt.tasks.task import Measure, Outputs

OKS_AP, OKS_AP50, PCK = "oks-ap", "oks-ap50", "pck"
MEASURES = (
    Measure(
        OKS_AP,
        "average precision by OKS, the mean over 0.50 to 0.95 (COCO)",
        resampling="subsample",
    ),
    Measure(OKS_AP50, "average precision at an OKS of 0.50", resampling="subsample"),
    Measure(PCK, "points within a fifth of the pose's longer side", counting=True),
)


@dataclass(frozen=True)
class Pose:
    """A model that finds key points: of one figure, or of each that it finds.

    Attributes:
        form: of `points.FORMS` (one figure), or a head of `decoding.HEADS` with key points.
        size: (height, width) of the model's input. names: of the key points.
        sigmas: how far each may be off; None: COCO's for 17 points, else 1 / points (Ultralytics).
    """

    form: str
    size: tuple[int, int]
    names: tuple[str, ...]
    sigmas: Floats | None = None
    name: str = field(default="pose", init=False)
    measures: tuple[Measure, ...] = field(default=MEASURES, init=False)

    def answers(self, outputs: Outputs, contexts: Sequence[Placement]) -> list[Poses]:
        """The poses in each image, in that image's pixels.

        Raises:
            BadInput: the outputs have another form.
        """
        found = []
        try:
            for i, place in enumerate(contexts):
                one = {name: array[i] for name, array in outputs.items()}
                found.append(self._poses(one, place))
        except WrongHead as error:
            raise BadInput(str(error), "--head names another one.") from error
        return found

    def _poses(self, outputs: Outputs, place: Placement) -> Poses:
        if self.form in points.FORMS:
            figure = points.decode(outputs, self.size, len(self.names), self.form)
            figure[:, :2] = place.taken_back(figure[:, :2])
            return keypoints.answered(figure[None], figure[:, 2].mean(keepdims=True))
        head = decoding.load(self.form)
        detections = place.undone(head.decode(outputs, self.size, head.DEFAULTS))
        if detections.keypoints is None:
            raise BadInput(f"the head {self.form} has no key points.", "--head names another one.")
        return keypoints.answered(detections.keypoints, detections.scores)

    def shown(self, answers: Sequence[Poses]) -> list[Poses]:
        """The poses that are sure enough to be shown."""
        return [one.take(one.scores >= SURE) for one in answers]

    def truths_of(self, answers: Sequence[Poses]) -> list[Poses]:
        """The poses that are sure enough, with the points that are."""
        return [_as_marked(one) for one in answers]

    def judged(self, answers: Sequence[Poses], truths: Sequence[Poses]) -> JudgedPoses:
        """Match the poses with the marked ones.

        Raises:
            ValueError: they are of different numbers of images.
        """
        if len(answers) != len(truths):
            raise ValueError(f"{len(truths)} images have labels, {len(answers)} were answered")
        return JudgedPoses(answers, truths, self._sigmas(), self.names)

    def _sigmas(self) -> Floats:
        if self.sigmas is not None:
            return self.sigmas
        count = len(self.names)
        coco = keypoints.COCO_SIGMAS
        return coco if count == len(coco) else np.full(count, 1 / count)


def _as_marked(poses: Poses) -> Poses:
    sure = poses.scores >= SURE
    figures = poses.points[sure].copy()
    figures[..., 2] = 2.0 * (figures[..., 2] >= SURE)
    return keypoints.marked(
        figures, poses.boxes[sure], poses.areas[sure], np.zeros(len(figures), bool)
    )


@dataclass(frozen=True)
class JudgedPoses:
    """Poses beside the marked ones, of n images."""

    answers: Sequence[Poses]
    truths: Sequence[Poses]
    sigmas: Floats
    names: tuple[str, ...]

    @cached_property
    def matches(self) -> Matches:
        """Which pose finds which, once for all measures. Raises BadInput."""
        return keypoints.match(self.truths, self.answers, self.sigmas)

    def contributions(self, measure: str) -> Contributions:
        """What each image adds to a measure. Raises KeyError, BadInput."""
        if measure == PCK:
            return self._right(slice(None))
        overlaps = {OKS_AP: slice(None), OKS_AP50: slice(0, 1)}[measure]
        return average_precision(self.matches, overlaps=overlaps)

    def alone(self, measure: str) -> Floats:
        """[n]: each image by itself. Raises KeyError, BadInput."""
        if measure == PCK:
            return each_alone(self._right(slice(None)))
        return alone(self.matches, {OKS_AP: slice(None), OKS_AP50: slice(0, 1)}[measure])

    def slices(self, measure: str) -> Mapping[str, Table]:
        """By point (PCK), else by size of the pose. Raises KeyError, BadInput."""
        if measure == PCK:
            each = {name: self._right(slice(i, i + 1)) for i, name in enumerate(self.names)}
            return {
                "point": Each(each, np.stack([one.columns[:, 1] > 0 for one in each.values()], 1))
            }
        overlaps = {OKS_AP: slice(None), OKS_AP50: slice(0, 1)}[measure]
        sizes = [size for size in keypoints.POSE_SIZES if size != "all"]
        of = {size: average_precision(self.matches, size, overlaps) for size in sizes}
        return {"size": Each(of, np.stack([one.there.any(axis=1) for one in of.values()], 1))}

    def _right(self, which: slice) -> Sums:
        """The share of some marked points that the likest answer puts near enough."""
        rows = [
            keypoints.right_of(answer, truth, self.sigmas, which)
            for answer, truth in zip(self.answers, self.truths, strict=True)
        ]
        right, seen = np.array(rows, np.float64).reshape(-1, 2).T
        return ratio(right, seen)
