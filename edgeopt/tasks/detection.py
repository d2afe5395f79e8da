"""Detection: boxes of named classes, judged by average precision and by recall."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edgeopt import decoding
from edgeopt.decoding.answering import SURE
from edgeopt.decoding.detections import Detections, Settings
from edgeopt.decoding.outputs import CERTAIN, POSSIBLE, WrongHead
from edgeopt.decoding.placement import Placement
from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.tasks import coco
from edgeopt.tasks.average_precision import AveragePrecision, alone, average_precision
from edgeopt.tasks.boxed import DetectionSet, GroundTruth, joined
from edgeopt.tasks.contributions import Contributions, Floats, Table, Weights
from edgeopt.tasks.matching import SIZES, Matches, match
from edgeopt.tasks.recall_at import RecallAt, recall_at
from edgeopt.tasks.task import Measure, Outputs

MAP, MAP50 = "map", "map50"
#: By halves of the images: a bootstrap repeats detections, and the envelope of precision rises with
#: them. With 40 classes in 200 images its 95 % intervals of mAP held the true value in 82 % of 100
#: draws, halves in 96 % (benchmarks/tasks/map_coverage.py).
MEASURES = (
    Measure(
        MAP,
        "average precision, the mean over ten overlaps from 0.50 to 0.95 (COCO)",
        resampling="subsample",
    ),
    Measure(MAP50, "average precision at an overlap of 0.50", resampling="subsample"),
    Measure(
        "recall-0.1fp",
        "objects found at one false alarm in ten images",
        counting=True,
        resampling="subsample",
    ),
    Measure(
        "recall-1fp",
        "objects found at one false alarm an image",
        counting=True,
        resampling="subsample",
    ),
)
MASK_MAP, MASK_MAP50 = "mask-map", "mask-map50"
#: Of heads that give masks: the first is what such models are judged by.
MASK_MEASURES = (
    Measure(
        MASK_MAP,
        "average precision of masks, the mean over ten overlaps from 0.50 to 0.95 (COCO)",
        resampling="subsample",
    ),
    Measure(MASK_MAP50, "average precision of masks at an overlap of 0.50", resampling="subsample"),
)
EVERY_MEASURE = (*MEASURES, *MASK_MEASURES)
WITH_MASKS, ROTATED = ("yolo-seg",), ("yolo-obb",)
_RATES = {"recall-0.1fp": 0.1, "recall-1fp": 1.0}
#: Measure -> which of the ten overlaps.
_PRECISIONS = {
    MAP: slice(None),
    MAP50: slice(0, 1),
    MASK_MAP: slice(None),
    MASK_MAP50: slice(0, 1),
}


@dataclass(frozen=True)
class Detection:
    """A detector: its head, and what the head does not say.

    Attributes:
        head: of `decoding.HEADS`. size: (height, width) of the model's input.
        names: the classes, in the order of the model's numbers.
        settings: None: the head's own.
    """

    head: str
    size: tuple[int, int]
    names: tuple[str, ...]
    settings: Settings | None = None
    name: str = field(default="detection", init=False)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Of boxes, rotated ones where the head gives these; of masks besides."""
        return (*MASK_MEASURES, *MEASURES) if self.head in WITH_MASKS else MEASURES

    def answers(self, outputs: Outputs, contexts: Sequence[Placement]) -> DetectionSet:
        """The detections in each image, in that image's pixels.

        Raises:
            BadInput: the outputs are another head's, or of another number of images.
        """
        head = decoding.load(self.head)
        settings = self.settings or head.DEFAULTS
        lengths = {name: len(array) for name, array in outputs.items()}
        if set(lengths.values()) != {len(contexts)}:
            raise BadInput(f"{len(contexts)} images were placed, and the outputs are of {lengths}")

        def found(i: int) -> Detections:
            one = {name: array[i] for name, array in outputs.items()}
            decoded: Detections = contexts[i].undone(head.decode(one, self.size, settings))
            return decoded

        try:
            return joined(map(found, range(len(contexts))))
        except WrongHead as error:
            raise BadInput(str(error), "--head names another one.") from error

    def shown(self, answers: DetectionSet) -> DetectionSet:
        """The detections that are sure enough to be shown."""
        return answers.take(answers.scores >= SURE)

    def truths_of(self, answers: DetectionSet) -> GroundTruth:
        """The detections that are sure enough to be shown."""
        beyond = range(len(self.names), int(answers.classes.max(initial=-1)) + 1)
        return answers.as_truth((*self.names, *map(str, beyond)), SURE)

    def judged(self, answers: DetectionSet, truths: GroundTruth) -> JudgedDetections:
        """Match the detections with the labelled objects, once for all measures."""
        return JudgedDetections(answers, truths, self.head in ROTATED)


@dataclass(frozen=True)
class JudgedDetections:
    """Detections beside the objects that should be found.

    Attributes:
        rotated: boxes are compared as rotated ones.
    """

    answers: DetectionSet
    truths: GroundTruth
    rotated: bool = False

    @cached_property
    def matches(self) -> Matches:
        """What became of each box at every overlap and size."""
        return match(self.truths, self.answers, by_shape=self.rotated)

    @cached_property
    def masks(self) -> Matches:
        """The same of masks."""
        return match(self.truths, self.answers, by_shape=True)

    def printed(self, measure: str) -> float | None:
        """Average precision by faster-coco-eval; None where it is not installed, or for recalls."""
        if measure not in (MAP, MAP50) or self.rotated:
            return None
        try:
            table, sizes = coco.precision(self.truths, self.answers)
        except NotInstalled:
            return None
        of_all = table[: 1 if measure == MAP50 else None, :, sizes.index("all")]
        return float(np.nanmean(of_all)) if np.isfinite(of_all).any() else None

    def contributions(self, measure: str) -> Contributions:
        """What each image adds to a measure. Raises KeyError."""
        if measure == MAP:
            return self.precision
        if measure in _PRECISIONS:
            return average_precision(self._of(measure), overlaps=_PRECISIONS[measure])
        return recall_at(self.matches, _RATES[measure])

    def alone(self, measure: str) -> Floats:
        """[n]: each image, by mAP: a single one has no rate of false alarms. Raises KeyError."""
        overlaps = slice(None) if measure in _RATES else _PRECISIONS[measure]
        return alone(self._of(measure), overlaps)

    def slices(self, measure: str) -> Mapping[str, Table]:
        """By class and by size of box. Raises KeyError."""
        names = self.matches.names
        if measure in _RATES:
            rate = _RATES[measure]
            recalls = self._by_size(lambda size: recall_at(self.matches, rate, size=size))
            return {"class": ByClass(names, recall_at(self.matches, rate)), "size": recalls}
        overlaps, matches = _PRECISIONS[measure], self._of(measure)
        whole = average_precision(matches, overlaps=overlaps)
        sizes = self._by_size(lambda size: average_precision(matches, size, overlaps))
        return {"class": ByClass(names, whole), "size": sizes}

    def _of(self, measure: str) -> Matches:
        return self.masks if measure in (MASK_MAP, MASK_MAP50) else self.matches

    @cached_property
    def precision(self) -> AveragePrecision:
        """mAP 50:95 of objects of all sizes."""
        return average_precision(self.matches)

    def _by_size(self, of: Callable[[str], AveragePrecision | RecallAt]) -> BySize:
        sizes = tuple(size for size in SIZES if size != "all")
        return BySize(sizes, tuple(of(size) for size in sizes))


@dataclass(frozen=True)
class ByClass:
    """A measure of each class; nan where a class has no objects."""

    names: tuple[str, ...]
    whole: AveragePrecision | RecallAt

    def __len__(self) -> int:
        return len(self.whole)

    @property
    def there(self) -> NDArray[np.bool_]:
        """[n, classes]."""
        return self.whole.there

    def values(self, weights: Weights = None) -> Floats:
        """[classes]."""
        return self.whole.by_class(weights)


@dataclass(frozen=True)
class BySize:
    """A measure of small, medium and large objects by themselves."""

    names: tuple[str, ...]
    each: tuple[AveragePrecision | RecallAt, ...]

    def __len__(self) -> int:
        return len(self.each[0])

    @property
    def there(self) -> NDArray[np.bool_]:
        """[n, sizes]."""
        return np.stack([part.there.any(axis=1) for part in self.each], axis=1)

    def values(self, weights: Weights = None) -> Floats:
        """[sizes]."""
        return np.array([part.value(weights) for part in self.each])


def recognized(
    samples: Sequence[Mapping[str, np.ndarray]], size: tuple[int, int], names: tuple[str, ...]
) -> tuple[Detection | None, str]:
    """The detector that outputs of some images are of, where that is certain, and why.

    Args:
        samples: each image's outputs. names: of the labels' classes; none: not known.

    Returns:
        None with what could be or what speaks against it: `--head` settles it.
    """
    found = decoding.recognize(samples, size, len(names) or None)
    certain, possible = (
        [head for head in found if found[head].level == level] for level in (CERTAIN, POSSIBLE)
    )
    if len(certain) == 1:
        return Detection(certain[0], size, names), f"{certain[0]}: {found[certain[0]].reason}"
    told = "; ".join(f"{head}: {found[head].reason}" for head in certain or possible)
    return None, told or "no detector's head has outputs of these shapes"
