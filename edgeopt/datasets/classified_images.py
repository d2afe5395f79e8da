"""Images of a classifier: `Samples.marks` of a folder of images by class, or of photos alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeopt.decoding.preparation import Preparation

#: Class folders named by numbers may be named by any; names are kept up to it.
_MOST_NAMES = 100_000


@dataclass(frozen=True, eq=False)
class ClassifiedImages:
    """Where n images come from. Their labels are the samples' own.

    Attributes:
        images: files. preparation: how each becomes an input. names: of the classes, by number; ()
            where the images lie in no folders of classes.
    """

    images: tuple[Path, ...]
    preparation: Preparation
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def take(self, indices: Sequence[int] | np.ndarray) -> ClassifiedImages:
        """Those of the images at `indices`, in that order."""
        chosen = np.arange(len(self))[indices]
        images = tuple(self.images[int(i)] for i in chosen)
        return ClassifiedImages(images, self.preparation, self.names)

    def sha256(self) -> str:
        """Identity of names and preparation: the images' content is in the samples."""
        prepared = self.preparation.record()
        text = repr((self.names, sorted(prepared.items())))
        return hashlib.sha256(text.encode()).hexdigest()


def classified(
    paths: Sequence[Path], labels: Sequence[int] | None, preparation: Preparation
) -> ClassifiedImages:
    """The images of a folder, with the names of its class folders.

    Args:
        labels: each image's class; None: they lie in the folder itself.
    """
    if labels is None or max(labels) >= _MOST_NAMES:
        return ClassifiedImages(tuple(paths), preparation)
    folders = {label: path.parent.name for label, path in zip(labels, paths, strict=True)}
    names = tuple(folders.get(i, str(i)) for i in range(max(labels) + 1))
    return ClassifiedImages(tuple(paths), preparation, names)
