"""Answers that stop at the largest number of a narrower float than the source computes in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Format -> its largest number, the smallest first. Runtimes clip to it instead of answering
#: infinity. bfloat16 has the exponents of 32-bit floats: (2 - 2**-7) * 2**127, 0.4 % below theirs.
LARGEST = {
    "half-precision": 65504.0,
    "bfloat16": (2 - 2.0**-7) * 2.0**127,
    "32-bit": float(np.finfo(np.float32).max),
}


@dataclass(frozen=True)
class Saturated:
    """Values of an output that stand at the end of a format, where the source's go beyond it.

    Attributes:
        count: of them. peak: the largest of the source's there, without its sign.
    """

    output: str
    format: str
    count: int
    peak: float

    def __str__(self) -> str:
        values = "1 value" if self.count == 1 else f"{self.count} values"
        return (
            f"output {self.output!r}: {values} ended at {LARGEST[self.format]:.6g}, the largest of "
            f"{self.format} floats, where the source's reach {self.peak:.3g}"
        )


def saturated(output: str, own: np.ndarray, theirs: np.ndarray) -> Saturated | None:
    """What ended so, [n, *shape] both; None where nothing did."""
    if own.dtype.kind != "f" or theirs.dtype.kind != "f":
        return None
    theirs = theirs[: len(own)].astype(np.float64)
    for name, largest in LARGEST.items():
        beyond = np.isfinite(theirs) & (np.abs(theirs) > largest)
        ended = beyond & (own.astype(np.float64) == np.sign(theirs) * largest)
        if ended.any():
            peak = float(np.abs(theirs[ended]).max())
            return Saturated(output, name, int(ended.sum()), peak)
    return None


def narrower(value: float) -> str:
    """The format that ends below a value and next to it, "" where none does."""
    below = [name for name, largest in LARGEST.items() if abs(value) > largest]
    return below[-1] if below else ""
