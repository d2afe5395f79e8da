"""Models that give an image for an image: the labels are the images that should come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
        own = ImageToImage(shape, self.found.high, self.found.channels_first)
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
    high = 1.0 if float(np.max(values)) <= 2.0 else 255.0
    facts = TaskFacts(
        name="image-to-image",
        why="--task",
        size=() if given.marked is None else given.size,
        output=given.output,
        preparation=given.preparation(),
        extra={"high": high, "channels_first": first},
    )
    return SettledImages(facts, ImageToImage(given.output, high, first))
