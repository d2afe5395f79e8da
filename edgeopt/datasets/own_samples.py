"""What the user's metric gives for each sample: added up here, instead of calling it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeopt.datasets import function
from edgeopt.domain.errors import BadInput


@dataclass(frozen=True)
class Combination:
    """How values of n samples become one number.

    Attributes:
        reference: `module:function`.
        combine: sums [c] over samples -> the value (the function's own `combine`); None: the mean
            of one value a sample, of which those that are nan do not count.
    """

    reference: str
    combine: Callable[..., Any] | None

    @property
    def about(self) -> str:
        """What the value is, for the user."""
        if self.combine is None:
            return f"the mean of what {self.reference} gives each sample"
        return f"{self.reference}.combine of what it adds up over samples"

    def checked(self, found: Any, count: int) -> np.ndarray:
        """What the function returned, as bool[n], float64[n] or float64[n, c].

        Raises:
            BadInput: it is no number or row of numbers for each sample.
        """
        rows = np.asarray(found)
        wanted = 1 if self.combine is None else 2
        if rows.dtype.kind not in "biuf" or rows.ndim != wanted or len(rows) != count:
            raise BadInput(
                f"{self.reference} returned an array of shape {list(rows.shape)} of {rows.dtype} "
                f"for {count} samples",
                "Return one number for all samples together, such as float(hits.mean()), or "
                "an array [n] of one number each, whose mean counts; an array [n, c] needs an "
                "attribute combine (docs/data.md).",
            )
        if rows.dtype.kind == "b" and wanted == 1:
            return rows
        values = rows.astype(np.float64)
        wrong = np.isinf(values) if wanted == 1 else ~np.isfinite(values)
        if wrong.any():
            at = int(np.argwhere(wrong)[0][0])
            raise BadInput(
                f"{self.reference} returned {values[wrong][0]} for sample {at}",
                "Return finite numbers; nan, in an array [n], for a sample that does not count.",
            )
        return values

    def value(self, rows: np.ndarray) -> float:
        """The metric of these samples; nan where it is not defined on them.

        Raises:
            BadInput: the function's own `combine` failed, or gave no number.
        """
        if self.combine is not None:
            return number(self.reference, function.call(self.name, self.combine, rows.sum(axis=0)))
        known = rows if rows.dtype.kind == "b" else rows[~np.isnan(rows)]
        return float(known.mean()) if len(known) else float("nan")

    @property
    def name(self) -> str:
        """Of what combines, for messages."""
        return f"{self.reference}.combine"


def number(reference: str, found: Any) -> float:
    """What the function returned, as a number.

    Raises:
        BadInput: it is none.
    """
    shape = list(getattr(found, "shape", ()))
    if shape:
        raise BadInput(
            f"{reference} returned an array of shape {shape}, not a number",
            "Return one number for all samples together, such as float(hits.mean()).",
        )
    try:
        if isinstance(found, str | bytes):
            raise TypeError
        return float(found)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{reference} returned {type(found).__name__}, not a number") from error
