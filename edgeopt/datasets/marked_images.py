"""Images that are annotated, as a model takes them: `Samples.marks` of tasks of images."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.decoding.placement import Placement
from edgeopt.decoding.preparation import Preparation


@dataclass(frozen=True, eq=False)
class MarkedImages:
    """What was marked on n images, and how each lies in the model's input.

    Attributes:
        annotated: of the images themselves. placements: n. preparation: common to all.
    """

    annotated: Annotated
    placements: tuple[Placement, ...]
    preparation: Preparation

    def __len__(self) -> int:
        return len(self.placements)

    def take(self, indices: Sequence[int] | np.ndarray) -> MarkedImages:
        """Those of the images at `indices`, in that order."""
        chosen = np.arange(len(self))[indices]
        places = tuple(self.placements[int(i)] for i in chosen)
        return MarkedImages(self.annotated.take(chosen), places, self.preparation)

    def sha256(self) -> str:
        """Identity of what was marked, of the images' content and of the preparation."""
        prepared: dict[str, Any] = self.preparation.record()
        text = f"{self.annotated.sha256()} {sorted(prepared.items())}"
        return hashlib.sha256(text.encode()).hexdigest()
