"""Models that give an image for an image: the labels are the images that should come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.image_to_image import ImageToImage


@dataclass(frozen=True)
class SettledImages:
    """See `settled.Settled`."""

    facts: TaskFacts
    found: ImageToImage

    def task(self, samples: Samples) -> ImageToImage:
        """See the protocol."""
        return self.found

    def contexts(self, samples: Samples) -> Sequence[None]:
        """See the protocol."""
        return [None] * len(samples)

    def truths(self, samples: Samples) -> list[np.ndarray] | None:
        """See the protocol."""
        if samples.labels is None:
            return None
        shape = self.facts.output
        own = replace(self.found, output=shape, ragged=False)
        return own.answers({shape: samples.labels})


def settle(given: Given) -> SettledImages:
    """The output that is scored; its range and layout are those of the source's answers.

    Raises:
        BadInput: it holds no images.
    """
    own = given.outputs[given.output]
    shape = tuple(d for d in own.shape[1:] if d != 1)
    if len(shape) not in (2, 3):
        raise BadInput(
            f"the output {given.output!r} of {list(own.shape[1:])} is no image.",
            "Name the one that is with --output.",
        )
    first = len(shape) == 2 or shape[0] in (1, 3, 4)
    values = own if given.samples.labels is None else given.samples.labels
    low, high = _range(values, exact=given.samples.labels is not None)
    facts = TaskFacts(
        name="image-to-image",
        why="--task",
        size=() if given.marked is None else given.size,
        output=given.output,
        preparation=given.preparation(),
        extra={"low": low, "high": high, "channels_first": first},
    )
    ragged = given.samples.sizes is not None
    return SettledImages(facts, ImageToImage(given.output, high, first, low, ragged))


#: How far below 0 the values of images from 0 on may lie, in shares of the largest: of models,
#: which overshoot at edges, and of images themselves, which are off by rounding.
OVERSHOOT, ROUNDING = 0.25, 0.01


def _range(values: np.ndarray, exact: bool) -> tuple[float, float]:
    """The least and largest value that a pixel may have: 0..1, -1..1 or 0..255.

    Args:
        exact: they are of images, and not of a model, which may overshoot.

    Raises:
        BadInput: they are of none of these ranges.
    """
    least = float(np.min(values))
    finite = ~np.isposinf(values)  # what is past the end, where an axis is open
    most = float(np.max(values, where=finite, initial=least))
    high = 1.0 if most <= 2.0 else 255.0
    largest = 255.0 if high == 255.0 else max(most, 0.0)
    below = least < -largest * (ROUNDING if exact and high == 1.0 else OVERSHOOT)
    if below and (high == 255.0 or least < -2.0):
        raise BadInput(
            f"values from {least:.4g} to {most:.4g} are of no image: those of one go from 0 to 1, "
            "from -1 to 1 or from 0 to 255.",
            "Name the output that holds an image with --output, or judge it with another --task.",
        )
    return (-1.0 if below else 0.0), high
