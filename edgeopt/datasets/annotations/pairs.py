"""Pairs of samples for embeddings: the same or not (verification), or how alike (STS)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeopt.datasets.annotations import table
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk
from edgeopt.tasks.embedding import Pairs

WHAT = "a file of pairs (.npz or .csv)"


def read(path: Path, count: int) -> Pairs:
    """Pairs from columns `left`, `right` and one of `same` (0 or 1) and `likeness`.

    Args:
        count: samples that the data has.

    Raises:
        BadInput: it is no such file, a number is none of a sample, `same` is not of 0 and 1 or
            all the same, or `likeness` is all the same.
    """
    columns = table.read(path, ("left", "right"), ("same", "likeness"), WHAT)
    left, right = (
        table.rows_of_data(columns[name], name, path, count) for name in ("left", "right")
    )
    if ("same" in columns) == ("likeness" in columns):
        raise BadInput(
            f"{on_disk.shown(path)} must have one of the columns 'same' and 'likeness'.",
            "'same' is 0 or 1 (faces, speakers); 'likeness' a number (sentences).",
        )
    name = "same" if "same" in columns else "likeness"
    values = table.numbers(columns[name], name, path)
    if name == "same" and not np.isin(values, (0, 1)).all():
        raise BadInput(
            f"{on_disk.shown(path)}: 'same' holds {values[~np.isin(values, (0, 1))][0]:g}.",
            "It is 1 where both samples are of one identity, else 0.",
        )
    if np.ptp(values) == 0:
        raise BadInput(
            f"{on_disk.shown(path)}: '{name}' is {values[0]:g} for all {len(values)} pairs, so "
            "that no answer could be wrong.",
            "Give pairs that differ.",
        )
    told = {name: values == 1 if name == "same" else values}
    return Pairs(left, right, **told, origin=str(path))
