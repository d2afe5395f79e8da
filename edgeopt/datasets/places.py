"""Where answers are not finite: infinities and NaNs stand where the source has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Misplaced:
    """Values that are not finite where the source's are, or the other way round.

    Attributes:
        count: of them. sample: the first one's. place: within that sample's output.
        own, theirs: what stands there.
    """

    count: int
    sample: int
    place: tuple[int, ...]
    own: float
    theirs: float

    def __str__(self) -> str:
        where = f" at {list(self.place)}" if self.place else ""
        values = "1 value is" if self.count == 1 else f"{self.count} values are"
        return (
            f"{values} infinite or NaN in one and not in the other (first in "
            f"sample {self.sample}{where}: {self.own:g} instead of {self.theirs:g})"
        )


def misplaced(own: np.ndarray, theirs: np.ndarray) -> Misplaced | None:
    """What does not stand where it does in the source, [n, *shape] both; None where all does.

    Samples that the source does not answer (`unanswered`) are left out: nothing is asked of them.
    """
    if theirs.dtype.kind != "f" or own.dtype.kind != "f":
        return None
    if np.isfinite(own).all() and np.isfinite(theirs).all():
        return None
    with np.errstate(invalid="ignore"):
        same = (own == theirs) | (np.isnan(own) & np.isnan(theirs))
    wrong = ~same & ~(np.isfinite(own) & np.isfinite(theirs))
    wrong[unanswered(theirs)] = False
    if not wrong.any():
        return None
    first = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    return Misplaced(
        count=int(wrong.sum()),
        sample=int(first[0]),
        place=tuple(int(i) for i in first[1:]),
        own=float(own[first]),
        theirs=float(theirs[first]),
    )


def unanswered(answers: np.ndarray) -> np.ndarray:
    """bool[n]: samples with a NaN at a place that is not NaN in all samples.

    A place that always is NaN is a mask of the model's; a sample that has more is not answered.
    """
    if answers.dtype.kind != "f" or not len(answers):
        return np.zeros(len(answers), dtype=bool)
    nan = np.isnan(answers).reshape(len(answers), -1)
    if not nan.any():
        return np.zeros(len(answers), dtype=bool)
    always = nan.all(axis=0)
    found: np.ndarray = nan.any(axis=1) if always.all() else (nan & ~always).any(axis=1)
    return found


def finite(answers: np.ndarray) -> np.ndarray:
    """float64 with NaN for all that is not finite."""
    found: np.ndarray = np.where(np.isfinite(answers), answers, np.nan).astype(np.float64)
    return found


#: The least size of a value that stands for "never" where a mask has no infinity, and by how much
#: it is beyond all answers beside it.
MASKED, BEYOND = 1e4, 1e3


def masked(source: np.ndarray) -> np.ndarray:
    """bool[*shape]: where [n, *shape] hold one huge value in all samples, as masked logits do."""
    none = np.zeros(source.shape[1:], bool)
    if source.dtype.kind != "f" or len(source) < 2:
        return none
    known = np.nan_to_num(finite(source))
    peaks = np.abs(known).max(axis=0)
    huge = (known == known[:1]).all(axis=0) & (peaks >= MASKED)
    beside = float(peaks[~huge].max(initial=0.0))
    return huge & (peaks >= BEYOND * beside) if beside > 0 else none


def without_masks(own: np.ndarray, source: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """float64 with NaN where a value is not finite, or huge as the source's mask is there."""
    values = finite(own)
    if mask.any():
        like = np.sign(values) == np.sign(source)
        values[mask & (np.abs(values) >= MASKED) & like] = np.nan
    return values


#: The largest power of two up to which a mean of squares of many doubles stays finite.
SQUARED = 2.0**480


def reduction(*answers: np.ndarray) -> float:
    """What answers are divided by so that their squares stay finite: 1, or a power of two."""
    peaks = (float(np.nanmax(np.abs(finite(each)), initial=0.0)) for each in answers)
    peak = max(peaks, default=0.0)
    return 1.0 if peak <= SQUARED else float(2.0 ** np.floor(np.log2(peak)))
