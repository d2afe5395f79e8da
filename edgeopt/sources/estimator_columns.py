"""Columns of a fitted scikit-learn pipeline by position, however they were named."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any


def by_position(estimator: Any) -> Any:
    """A copy whose ColumnTransformers name their columns by numbers.

    It answers arrays, where columns by name want a table. skl2onnx 1.20 takes nothing else: it
    reads a mask as names, and knows one input, which has no names of columns.
    """
    made = copy.deepcopy(estimator)
    for part in _parts(made):
        places = getattr(part, "_transformer_to_input_indices", None)
        if places is not None and hasattr(part, "transformers_"):
            part.transformers_ = [
                (name, transformer, [int(i) for i in places.get(name, columns)])
                for name, transformer, columns in part.transformers_
            ]
    return made


def _parts(estimator: Any) -> Iterator[Any]:
    """An estimator and those inside it, as pipelines, unions and column transformers hold them."""
    yield estimator
    for name in ("steps", "transformer_list", "transformers_"):
        for entry in getattr(estimator, name, ()):
            if hasattr(entry[1], "get_params"):
                yield from _parts(entry[1])
