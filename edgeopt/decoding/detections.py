"""ON THE DEVICE AND HOST. What a detector says of one image, before and after suppression."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _chosen(value, index):
    return {
        f.name: None if getattr(value, f.name) is None else getattr(value, f.name)[index]
        for f in fields(value)
    }


@dataclass(frozen=True)
class Detections:
    """The m answers of one image, by falling score.

    Attributes:
        boxes: float64[m, 4], x1 y1 x2 y2 in pixels (of the model's input, or of the image once
            `Placement.undone`); around the rotated box where there is one.
        scores: float64[m]. classes: int64[m].
        rotated: float64[m, 5], x, y of the centre, width, height, radians (`rotated.py`).
        keypoints: float64[m, k, 3], x, y and score (1 where the model gives none).
        masks: bool[m, height, width] of the image that the boxes are of.
    """

    boxes: Any
    scores: Any
    classes: Any
    rotated: Any = None
    keypoints: Any = None
    masks: Any = None

    def take(self, index):
        """These of them."""
        return Detections(**_chosen(self, index))


@dataclass(frozen=True)
class Candidates:
    """The a boxes that a head proposes in one image, with a score for each class.

    Attributes:
        boxes: float64[a, 4], x1 y1 x2 y2 in pixels of the input. scores: float64[a, c], 0..1.
        rotated: float64[a, 5]. keypoints: float64[a, k, 3].
        coefficients: float64[a, p], of the image's prototypes.
    """

    boxes: Any
    scores: Any
    rotated: Any = None
    keypoints: Any = None
    coefficients: Any = None

    def take(self, index):
        """These of them."""
        return Candidates(**_chosen(self, index))


@dataclass(frozen=True)
class Settings:
    """What a head does not say by itself.

    Attributes:
        score: answers below it are left out.
        overlap: of two answers of one class that overlap more, the less sure one is left out.
        most: answers of an image. candidates: that suppression looks at, the surest.
        several: a box may be an answer of several classes, as evaluations have it; else its surest.
        across: answers of different classes suppress each other, too.
        classes: how many the model knows; None: as its outputs' shapes tell.
        shares: boxes are in shares of the input and not in pixels; None: told by their values.
        extra: what one head alone needs, by name.
    """

    score: float = 0.001
    overlap: float = 0.6
    most: int = 300
    candidates: int = 30000
    several: bool = True
    across: bool = False
    classes: Any = None
    shares: Any = None
    extra: Any = field(default_factory=dict)
