"""What a source is run on while it is prepared: one sample, and specs of what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from edgeopt.domain.tensor import Binding, TensorSpec
from edgeopt.sources.request import PrepareRequest

#: Kinds of numpy types that can be fed and compared: floats, integers, booleans.
NUMBERS = "fiub"


def of(request: PrepareRequest) -> dict[str, np.ndarray]:
    """One sample of each input in the source's order: from the .npz, else zeros."""
    if request.sample:
        with np.load(request.sample, allow_pickle=False) as arrays:
            return {spec.name: arrays[spec.name] for spec in request.inputs}
    return {
        spec.name: np.zeros(request.shapes[spec.name], spec.dtype or "float32")
        for spec in request.inputs
    }


def specs(arrays: Mapping[str, np.ndarray]) -> tuple[TensorSpec, ...]:
    """What arrays are, in their order."""
    return tuple(
        TensorSpec(name=name, dtype=array.dtype.name, shape=tuple(array.shape))
        for name, array in arrays.items()
    )


def bindings(tensors: Iterable[TensorSpec], order: Sequence[str]) -> tuple[Binding, ...]:
    """How the source's tensors stand to a session that lists them in another order.

    Args:
        order: the session's names.
    """
    return tuple(
        Binding(
            source=spec.name,
            name=spec.name,
            index=order.index(spec.name),
            dtype=spec.dtype,
            shape=spec.sizes,
        )
        for spec in tensors
    )
