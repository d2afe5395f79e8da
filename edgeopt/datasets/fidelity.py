"""How near answers come to the source's: part by part, and whether they are answers at all.

Pure functions of arrays. What is asked of a precision is in `pipeline/parity.py`; why it is
measured so, in docs/decisions/0031-fidelity-by-slice.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.parts import STEP, Part, parts
from edgeopt.datasets.places import finite, masked, reduction, without_masks

#: Variation below this share of a part's size is none: 8 bits could not say it.
FLOOR = 2.0**-8

#: An answer with less than this share of the source's variation (in amplitude) is constant.
DEAD = 0.01

#: Dead slices refuse where they have this share of their part's variation, or of its slices.
DEAD_POWER, DEAD_COUNT = 0.01, 0.04

#: Fewer samples do not show that an answer is always the same.
LEAST_STEADY = 4

#: An output below it, and below a hundredth of the model's largest, is rounding noise.
NOISE, BESIDE = 1e-6, 0.01
NOISE_LEVELS = 16

#: The least size that noise is measured against.
LEAST_SIZE = 1e-4

MOST_VALUES = 2**23  # of one output that are compared, unless 16 samples have more
LEAST_SAMPLES, MOST_SAMPLES = 16, 64
_COUNTED = 200_000  # values of which the distinct ones are counted


@dataclass(frozen=True)
class Nearness:
    """How near the answers in one part of an output come to the source's.

    Attributes:
        db: signal to noise of raw power, dB; None where all are equal.
        constant: the slices that hardly vary where the source's do; None where all vary.
        steady: whether the source's own answers do not vary, so that nothing can follow them.
        distinct, source_distinct: how many different values there are.
    """

    part: Part
    db: float | None
    constant: Part | None = None
    steady: bool = False
    distinct: int = 0
    source_distinct: int = 0


def compared_samples(answers: np.ndarray) -> int:
    """How many samples of [n, *shape] are compared: fewer where one of them is large."""
    affordable = MOST_VALUES // max(1, int(np.prod(answers.shape[1:])))
    return min(len(answers), MOST_SAMPLES, max(LEAST_SAMPLES, affordable))


def divided(source: Mapping[str, np.ndarray]) -> dict[str, tuple[Part, ...]]:
    """The parts of every output, by the source's answers {output: [n, *shape]}."""
    return {
        name: parts(name, answers[: compared_samples(answers)]) for name, answers in source.items()
    }


def nearest(
    source: Mapping[str, np.ndarray],
    answers: Mapping[str, np.ndarray],
    divisions: Mapping[str, Sequence[Part]],
) -> list[Nearness]:
    """Every part of every output, and every output as a whole, the worst first.

    Args:
        source, answers: {output: [n, *shape]}, infinities at the same places; `answers` to the
            first samples.
    """
    masks = {name: masked(each) for name, each in source.items()}
    few = {name: without_masks(_few(a), _few(a), masks[name]) for name, a in source.items()}
    by = reduction(*few.values())
    largest = max((_size(each / by) for each in few.values()), default=0.0)
    found: list[Nearness] = []
    for name, theirs in source.items():
        expected = _few(theirs[: len(answers[name])])
        own = np.asarray(answers[name][: len(expected)])
        if not expected.size:
            continue
        if expected.dtype.kind in "biu":
            found.append(_discrete(Part(name, expected.shape[1:]), own, expected))
            continue
        own = without_masks(own, expected, masks[name]) / by
        expected = np.where(np.isnan(own), np.nan, finite(expected)) / by
        if is_noise(expected, largest):
            size = max(largest, LEAST_SIZE)
            found.append(Nearness(Part(name, expected.shape[1:]), _db(size**2, own, expected)))
            continue
        found += _of_output(name, own, expected, divisions[name])
    found.sort(key=lambda one: (one.constant is None, _sortable(one.db)))
    return found


def follows_inputs(answers: np.ndarray) -> bool:
    """Whether [n, ...] vary over samples by more than 8 bits of their size would lose."""
    values = finite(answers)
    return float(np.mean(_variance(values, 0))) >= FLOOR**2 * _power(values) > 0


def _of_output(
    name: str, own: np.ndarray, expected: np.ndarray, divided_into: Sequence[Part]
) -> list[Nearness]:
    whole = Part(name, expected.shape[1:])
    found = [_of_part(part, own, expected) for part in divided_into]
    if divided_into[0].axis is not None:
        found.append(Nearness(whole, _db(_power(expected), own, expected)))
    return found


def is_noise(values: np.ndarray, largest: float) -> bool:
    """Whether an output is rounding noise: tiny, beside larger outputs or of a few levels."""
    size = _size(values)
    if size > NOISE:
        return False
    return size <= BESIDE * largest or _distinct(values) <= NOISE_LEVELS


def _of_part(part: Part, own: np.ndarray, expected: np.ndarray) -> Nearness:
    theirs, ours = part.of(expected), part.of(own)
    steady, dead = _dead(part, ours, theirs)
    return Nearness(
        part=part,
        db=_db(_power(theirs), ours, theirs),
        constant=dead,
        steady=steady,
        distinct=_distinct(ours),
        source_distinct=_distinct(theirs),
    )


def _dead(part: Part, ours: np.ndarray, theirs: np.ndarray) -> tuple[bool, Part | None]:
    """(whether the source is constant, the slices that do not vary where it does)."""
    power = _power(theirs)
    least = FLOOR**2 * power
    over_samples = np.nanmean(_variance(theirs, 0))
    if over_samples >= least and over_samples > 0:
        return False, _dead_slices(part, ours, theirs, float(over_samples))
    over_places = float(np.nanvar(theirs))
    if over_places >= least and over_places > 0:
        return False, part if np.nanvar(ours) <= DEAD**2 * over_places else None
    return len(theirs) >= LEAST_STEADY, None


def _dead_slices(part: Part, ours: np.ndarray, theirs: np.ndarray, mean: float) -> Part | None:
    """The slices, of those that vary as the part does, that are the same for every sample."""
    own, wanted = _variance(ours, 0), _variance(theirs, 0)
    if np.mean(own) <= DEAD**2 * mean:
        return part
    sizes = np.nan_to_num(theirs**2).mean(axis=0)
    for axis in range(wanted.ndim):
        if wanted.shape[axis] > 1 and part.axis in (None, axis):
            dead = _dead_along(axis, own, wanted, sizes)
            if dead:
                return part.of_slices(dead, axis)
    return None


def _dead_along(
    axis: int, own: np.ndarray, wanted: np.ndarray, sizes: np.ndarray
) -> tuple[int, ...]:
    """Numbers of dead slices along an axis; none where they carry next to nothing.

    Args:
        own, wanted: variation of the candidate and of the source at each place. sizes: mean
            squares of the source there.
    """
    other = tuple(i for i in range(wanted.ndim) if i != axis)
    mean = float(wanted.mean())
    own, wanted, sizes = (each.mean(axis=other) for each in (own, wanted, sizes))
    material = (wanted >= mean / STEP**2) & (wanted >= FLOOR**2 * sizes)
    dead = np.flatnonzero(material & (own <= DEAD**2 * wanted))
    many = len(dead) >= DEAD_COUNT * len(wanted)
    if len(dead) and (many or wanted[dead].sum() >= DEAD_POWER * wanted.sum()):
        return tuple(int(i) for i in dead)
    return ()


def _discrete(part: Part, own: np.ndarray, expected: np.ndarray) -> Nearness:
    """Whole numbers: near where the values are near, or where nearly all are equal."""
    theirs, ours = expected.astype(np.float64), own.astype(np.float64)
    unequal = float(np.mean(theirs != ours)) if theirs.size else 0.0
    db = _db(_power(theirs), ours, theirs)
    if db is not None:
        db = max(db, float(-10 * np.log10(unequal)))
    _, counts = np.unique(theirs, return_counts=True)
    varies = counts.size > 1 and counts.max() < 0.9 * theirs.size
    constant = part if varies and np.unique(ours).size == 1 else None
    return Nearness(part, db, constant)


def sqnr_db(signal: np.ndarray, error: np.ndarray) -> float | None:
    """Signal to quantization noise ratio, dB; None where there is no noise at all."""
    noise = float(np.mean(error**2)) if error.size else 0.0
    if noise == 0.0:
        return None
    return float(10 * np.log10(max(float(np.mean(signal**2)), 1e-30) / noise))


def _db(power: float, own: np.ndarray, expected: np.ndarray) -> float | None:
    error = own - expected
    noise = float(np.nanmean(error**2)) if np.isfinite(error).any() else 0.0
    if noise == 0.0:
        return None
    return float(10 * np.log10(max(power, 1e-30) / noise))


def _few(answers: np.ndarray) -> np.ndarray:
    return np.asarray(answers[: compared_samples(answers)])


def _power(values: np.ndarray) -> float:
    """Mean square of what is finite."""
    return float(np.nanmean(values**2)) if np.isfinite(values).any() else 0.0


def _size(values: np.ndarray) -> float:
    return float(np.sqrt(_power(values)))


def _variance(values: np.ndarray, axis: int) -> np.ndarray:
    """Without a warning for places that never are finite."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=axis), 1)
    mean = np.where(known, values, 0.0).sum(axis=axis) / count
    found: np.ndarray = np.where(known, (values - mean) ** 2, 0.0).sum(axis=axis) / count
    return found


def _distinct(values: np.ndarray) -> int:
    """Different finite values, of 200,000 at most."""
    flat = values[np.isfinite(values)]
    return len(np.unique(flat[:: max(1, len(flat) // _COUNTED)]))


def _sortable(db: float | None) -> float:
    return np.inf if db is None else db
