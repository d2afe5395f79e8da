"""What `prepare` is given to run a source on: one sample, and names for what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

#: Kinds of numpy types that can be fed and compared: floats, integers, booleans.
NUMBERS = "fiub"


def given(argument: dict[str, Any]) -> dict[str, np.ndarray]:
    """One sample of each input in the source's order: from the .npz, else zeros.

    Args:
        argument: as `load.prepare` makes it. A file that states no dtype takes float32.
    """
    names = [spec["name"] for spec in argument["inputs"]]
    if argument["sample"]:
        with np.load(argument["sample"], allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    return {
        spec["name"]: np.zeros(argument["shapes"][spec["name"]], spec["dtype"] or "float32")
        for spec in argument["inputs"]
    }


def specs(arrays: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """TensorSpec fields of arrays, in their order."""
    return [
        {"name": name, "dtype": array.dtype.name, "shape": list(array.shape)}
        for name, array in arrays.items()
    ]


def bindings(described: Sequence[dict[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """Binding fields for a session that lists the same tensors in another order.

    Args:
        described: TensorSpec fields, in the source's order.
        order: the session's names.
    """
    return [
        {
            "source": spec["name"],
            "name": spec["name"],
            "index": order.index(spec["name"]),
            "dtype": spec["dtype"],
            "shape": spec["shape"],
        }
        for spec in described
    ]
