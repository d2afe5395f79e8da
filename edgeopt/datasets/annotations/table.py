"""Columns by name, from an `.npz` or a CSV file with a head: pairs and lists of candidates."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from pathlib import Path

import numpy as np

from edgeopt.datasets import npz
from edgeopt.datasets.advice import did_you_mean, quoted
from edgeopt.datasets.annotations.text_file import text
from edgeopt.domain.errors import BadInput
from edgeopt.jobs import on_disk

MAX_BYTES = 512_000_000

Columns = dict[str, np.ndarray]


def read(path: Path, needed: Collection[str], optional: Collection[str], what: str) -> Columns:
    """name -> [m] of the columns that are there; a CSV's are texts, an `.npz`'s what they are.

    Args:
        what: what the file should be, for messages.

    Raises:
        BadInput: it is neither, a column is missing or unknown, or they differ in length.
    """
    found = npz.read(path) if path.suffix.lower() == ".npz" else _of_csv(path, what)
    known = (*needed, *optional)
    shown = on_disk.shown(path)
    for name in found:
        if name not in known:
            raise BadInput(
                f"{shown}: the column '{name[:60]}' is unknown{did_you_mean(name, known)}.",
                f"There are {quoted(known)}.",
            )
    for name in needed:
        if name not in found:
            raise BadInput(
                f"{shown} has no column '{name}'.",
                f"{what[0].upper()}{what[1:]} has {quoted(needed)}.",
            )
    lengths = {len(column) if column.ndim == 1 else -1 for column in found.values()}
    if lengths == {0}:
        raise BadInput(f"{shown} holds 0 rows: nothing can be judged by it.", f"Give {what}.")
    if len(lengths) > 1 or lengths == {-1}:
        shapes = ", ".join(f"{name} {list(column.shape)}" for name, column in found.items())
        raise BadInput(f"{shown}: its columns differ in shape: {shapes}.", "Each is [rows].")
    return found


def _of_csv(path: Path, what: str) -> Columns:
    written = io.StringIO(text(path, MAX_BYTES, what), newline="")
    rows = csv.reader(written, strict=True)
    try:
        head = [name.strip() for name in next(rows, [])]
        if len(set(head)) < len(head):
            raise BadInput(f"{on_disk.shown(path)}: a column is there twice.", f"Give {what}.")
        columns: list[list[str]] = [[] for _ in head]
        for row in rows:
            if not row:
                continue
            if len(row) != len(head):
                raise BadInput(
                    f"{on_disk.shown(path)}, line {rows.line_num}: {len(row)} fields, but its head "
                    f"has {len(head)}.",
                    "Write as many in each line.",
                )
            for column, field in zip(columns, row, strict=True):
                column.append(field.strip())
    except csv.Error as error:
        raise BadInput(
            f"{on_disk.shown(path)}, line {rows.line_num}: no CSV: {error}.", f"Give {what}."
        ) from error
    return {name: np.array(column, str) for name, column in zip(head, columns, strict=True)}


def numbers(column: np.ndarray, name: str, path: Path) -> np.ndarray:
    """float64[m] of a column.

    Raises:
        BadInput: a field is no finite number.
    """
    try:
        found = column.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{on_disk.shown(path)}: '{name}' is no number: {error}.", "") from error
    if not np.isfinite(found).all():
        row = int(np.flatnonzero(~np.isfinite(found))[0])
        raise BadInput(
            f"{on_disk.shown(path)}: '{name}' of row {row + 1} is not finite.", "Remove the row."
        )
    return found


def rows_of_data(column: np.ndarray, name: str, path: Path, count: int) -> np.ndarray:
    """int64[m]: samples of the data by number.

    Args:
        count: how many samples there are.

    Raises:
        BadInput: one is no whole number of 0..count-1.
    """
    found = numbers(column, name, path)
    wrong = np.flatnonzero((found != np.floor(found)) | (found < 0) | (found >= count))
    if len(wrong):
        raise BadInput(
            f"{on_disk.shown(path)}: '{name}' of row {wrong[0] + 1} is {found[wrong[0]]:g}, but "
            f"the data has {count} samples (0 to {count - 1}).",
            "Number the samples as they stand in the data, from 0.",
        )
    return found.astype(np.int64)
