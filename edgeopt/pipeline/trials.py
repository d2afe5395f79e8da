"""A few samples of the data as arrays of the source's fixed shapes, before anything is checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeopt.datasets.samples import Samples
from edgeopt.sources.source import Inspected

#: Samples that the source answers before anything is made of it, taken evenly from all.
TRIALS = 8


def few_samples(
    data: Samples, inspected: Inspected, fixed: dict[str, tuple[int, ...]], count: int
) -> dict[str, np.ndarray] | None:
    """{input: [at most count, *shape]}; None where the data does not fit the shapes."""
    arrays = {}
    for spec in inspected.inputs:
        array = data.inputs.get(spec.name)
        if array is None and len(inspected.inputs) == len(data.inputs) == 1:
            array = next(iter(data.inputs.values()))
        if array is None or array.dtype.kind not in "biuf" or not len(array):
            return None
        if array[0].size != np.prod(fixed[spec.name]):
            return None
        places = np.linspace(0, len(array) - 1, min(count, len(array))).round().astype(int)
        rows = array[places].reshape(len(places), *fixed[spec.name])
        arrays[spec.name] = rows.astype(spec.dtype or array.dtype)
    return arrays


def trial_samples(
    data: Samples, inspected: Inspected, fixed: dict[str, tuple[int, ...]], work: Path
) -> Path | None:
    """A file with the samples of a trial: see `sources.trial`."""
    few = few_samples(data, inspected, fixed, TRIALS)
    if few is None:
        return None
    path = work / "trials.npz"
    np.savez(path, **few)  # type: ignore[arg-type]
    return path
