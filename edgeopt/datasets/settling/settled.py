"""A task that is settled, for any part of the data; and what it is settled from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.decoding.placement import Placement, placement
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked, TaskFacts
from edgeopt.domain.tensor import TensorSpec
from edgeopt.tasks.task import Task

#: Samples that a task is recognized by.
LOOKED_AT = 32


@dataclass(frozen=True)
class Given:
    """What a task is settled from.

    Attributes:
        asked: by the call. metric: asked for, or "".
        samples: of the part that chooses. outputs: the source's answers to them, [n, *shape].
        inputs: of the source. output: the one that the call names, or the first.
    """

    asked: TaskAsked
    metric: str
    samples: Samples
    outputs: Mapping[str, np.ndarray]
    inputs: tuple[TensorSpec, ...]
    output: str

    @property
    def marked(self) -> MarkedImages | None:
        """The images that are annotated, where the data is of such."""
        marks = self.samples.marks
        return marks if isinstance(marks, MarkedImages) else None

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the input that takes the image.

        Raises:
            BadInput: no input takes images.
        """
        if self.marked is not None:
            height, width = self.marked.preparation.size
            return int(height), int(width)
        for spec in self.inputs:
            found = image_size(spec.sizes)
            if found is not None:
                return found
        shapes = ", ".join(f"{spec.name} {list(spec.sizes)}" for spec in self.inputs)
        raise BadInput(f"no input of the model takes an image: {shapes}.", "Name another --task.")

    @property
    def few(self) -> list[dict[str, np.ndarray]]:
        """All outputs of some samples, one dict each."""
        count = min(LOOKED_AT, len(self.samples))
        return [{name: each[i] for name, each in self.outputs.items()} for i in range(count)]

    def preparation(self) -> dict[str, Any]:
        """What the record keeps of how images are prepared; {} where that is not known."""
        return {} if self.marked is None else self.marked.preparation.record()


class Settled(Protocol):
    """A task of one model, for any samples of its data."""

    @property
    def facts(self) -> TaskFacts:
        """What is recorded."""
        ...

    def task(self, samples: Samples) -> Task[Any, Any, Any]:
        """The task for these samples: a ranking knows which of them compete."""
        ...

    def contexts(self, samples: Samples) -> Sequence[Any]:
        """What the task must know of each sample besides its outputs."""
        ...

    def truths(self, samples: Samples) -> Any:
        """What the samples' labels say; None where they have none.

        Raises:
            BadInput: the labels do not fit the model.
        """
        ...


def image_size(shape: Sequence[int]) -> tuple[int, int] | None:
    """(height, width) of an input [1, channels, height, width] or [1, height, width, channels]."""
    if len(shape) != 4:
        return None
    if shape[1] in (1, 3, 4):
        return shape[2], shape[3]
    return (shape[1], shape[2]) if shape[3] in (1, 3, 4) else None


def placements(samples: Samples, size: tuple[int, int]) -> Sequence[Placement]:
    """How each image lies in the input: as recorded, or as it is."""
    if isinstance(samples.marks, MarkedImages):
        return samples.marks.placements
    return [placement("stretch", size, size)] * len(samples)
