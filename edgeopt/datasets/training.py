"""The samples that train: those that calibrate, and the user's own for training. No others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeopt.datasets import pixels
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.split import Parts
from edgeopt.domain.errors import BadInput


def refuse_seen(train: Samples, parts: Parts) -> None:
    """No sample that chooses or confirms may train.

    Raises:
        BadInput: one is in both.
    """
    own = set(train.row_hashes())
    for name, part in (("choose", parts.choose), ("confirm", parts.confirm)):
        common = len(own & set(part.row_hashes()))
        if common:
            raise BadInput(
                f"{common} of the samples in {train.origin} are in the part that is to {name}.",
                "What was trained on judges nothing: leave them out of one of the two.",
            )


def training_samples(calibrate: Samples, train: Samples | None) -> Samples:
    """Both together, each content once.

    Labels go with them where all have some; otherwise the source's own answers train alone. Marks
    judge and do not train.
    """
    if train is None:
        return calibrate
    seen = set(calibrate.row_hashes())
    new = np.flatnonzero([digest not in seen for digest in train.row_hashes()])
    more = train.take(new)
    labels = None
    if calibrate.labels is not None and more.labels is not None:
        labels = np.concatenate([calibrate.labels, more.labels])
    inputs = {
        name: pixels.joined(array, more.inputs[name]) for name, array in calibrate.inputs.items()
    }
    origin = f"{calibrate.origin} and {train.origin}"
    return replace(calibrate, inputs=inputs, labels=labels, groups=None, origin=origin, marks=None)
