"""Slices of an answer that do not follow the source's: constant, or further off than it varies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.parts import STEP, Part, unit_axes

#: An answer with less than this share of the source's variation (in amplitude) is constant.
DEAD = 0.01

#: Dead slices refuse where they have this share of their part's variation, or of its slices.
DEAD_POWER, DEAD_COUNT = 0.01, 0.04

#: Slices are wrong where they have so many times the noise (in amplitude) of the quietest.
QUIETER = 2.0

#: Columns of whole numbers: longer axes are places, or steps in time.
MOST_COLUMNS = 64

#: Fewer samples do not show that an answer is always the same.
LEAST_STEADY = 4


@dataclass(frozen=True)
class Lost:
    """Slices that are constant where the source's vary, and slices that are wrong otherwise."""

    dead: Part | None = None
    wrong: Part | None = None


def lost(part: Part, ours: np.ndarray, theirs: np.ndarray, share: float) -> tuple[bool, Lost]:
    """(whether the source is constant, the slices that do not follow it where it is not)."""
    least = share**2 * power(theirs)
    over_samples = np.nanmean(variance(theirs, 0))
    if over_samples >= least and over_samples > 0:
        return False, _of_slices(part, ours, theirs, share)
    over_places = float(np.nanvar(theirs))
    if over_places >= least and over_places > 0:
        return False, Lost(part if np.nanvar(ours) <= DEAD**2 * over_places else None)
    return len(theirs) >= LEAST_STEADY, Lost()


def _of_slices(part: Part, ours: np.ndarray, theirs: np.ndarray, share: float) -> Lost:
    """The slices, of those that vary as the part does, that are the same for every sample."""
    own, wanted = variance(ours, 0), variance(theirs, 0)
    if np.mean(own) <= DEAD**2 * np.mean(wanted):
        return Lost(part)
    sizes = np.nan_to_num(theirs**2).mean(axis=0)
    noise = np.nan_to_num((ours - theirs) ** 2).mean(axis=0)
    wrong, units = None, unit_axes(wanted.shape)
    for axis in range(wanted.ndim):
        if wanted.shape[axis] > 1 and part.axis in (None, axis):
            other = tuple(i for i in range(wanted.ndim) if i != axis)
            own_, wanted_, noise_, sizes_ = (
                one.mean(axis=other) for one in (own, wanted, noise, sizes)
            )
            dead, off = _along(own_, wanted_, noise_, sizes_, share)
            if dead:
                return Lost(part.of_slices(dead, axis))
            if off and wrong is None and axis + 1 in units:
                wrong = part.of_slices(off, axis)
    return Lost(wrong=wrong)


def _along(
    own: np.ndarray, wanted: np.ndarray, noise: np.ndarray, sizes: np.ndarray, share: float
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(numbers of dead slices, of wrong ones) of [slices]; none that carry next to nothing.

    A slice is wrong where it is further off than it varies, while the quietest slices have little
    noise: noise that all share is for the score to judge.

    Args:
        own, wanted: variation of the candidate and of the source. noise: mean squares of the
            error. sizes: mean squares of the source.
    """
    material = (wanted >= wanted.mean() / STEP**2) & (wanted >= share**2 * sizes)
    quiet = float(np.percentile(noise[material], 10)) if material.any() else 0.0
    found = []
    for lost in (own <= DEAD**2 * wanted, (noise >= wanted) & (noise >= QUIETER**2 * quiet)):
        numbers = np.flatnonzero(material & lost)
        many = len(numbers) >= DEAD_COUNT * len(wanted)
        told = many or wanted[numbers].sum() >= DEAD_POWER * wanted.sum()
        found.append(tuple(int(i) for i in numbers) if told else ())
    return found[0], found[1]


def wrong_integers(part: Part, ours: np.ndarray, theirs: np.ndarray) -> Part | None:
    """Slices of whole numbers that mostly differ, beside others that do not.

    Args:
        ours, theirs: float64 [n, *shape].
    """
    unequal, noise = (ours != theirs).mean(axis=0), ((ours - theirs) ** 2).mean(axis=0)
    wanted = variance(theirs, 0)
    for axis in range(wanted.ndim):
        if not 2 <= wanted.shape[axis] <= MOST_COLUMNS:
            continue
        other = tuple(i for i in range(wanted.ndim) if i != axis)
        each, off, varies = (one.mean(axis=other) for one in (unequal, noise, wanted))
        wrong = np.flatnonzero((each >= 0.5) & (off >= varies) & (varies > 0))
        if len(wrong) and each.min() <= 0.1:
            return part.of_slices(tuple(int(i) for i in wrong), axis)
    return None


def power(values: np.ndarray) -> float:
    """Mean square of what is finite."""
    return float(np.nanmean(values**2)) if np.isfinite(values).any() else 0.0


def variance(values: np.ndarray, axis: int) -> np.ndarray:
    """Without a warning for places that never are finite."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=axis), 1)
    mean = np.where(known, values, 0.0).sum(axis=axis) / count
    found: np.ndarray = np.where(known, (values - mean) ** 2, 0.0).sum(axis=axis) / count
    return found
