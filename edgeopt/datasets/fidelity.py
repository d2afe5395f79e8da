"""How near answers come to the source's: part by part, and whether they are answers at all.

Pure functions of arrays. What is asked of a precision is in `pipeline/parity_check.py`; why it is
measured so, in docs/decisions/0031-fidelity-by-slice.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgeopt.datasets.lost import DEAD, LEAST_STEADY, lost, power, variance, wrong_integers
from edgeopt.datasets.parts import Part, parts
from edgeopt.datasets.places import finite, masked, reduction, without_masks
from edgeopt.datasets.resolution import EIGHT_BITS, FLOAT32, Resolution, moves, span

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
        follows_db: the same of what varies over samples; None where the noise is no more than the
            precision's rounding, or nothing varies.
        constant: the slices that hardly vary where the source's do; None where all vary.
        wrong: slices that are further from the source's than those vary, beside others that follow.
        steady: whether the source's own answers do not vary, so that nothing can follow them.
        distinct, source_distinct: how many different values there are.
    """

    part: Part
    db: float | None
    follows_db: float | None = None
    constant: Part | None = None
    wrong: Part | None = None
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
    resolution: Resolution = EIGHT_BITS,
) -> list[Nearness]:
    """Every part of every output, and every output as a whole, the worst first.

    Args:
        source, answers: {output: [n, *shape]}, infinities at the same places; `answers` to the
            first samples.
        resolution: what the precision of the answers can tell apart.
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
            found.append(Nearness(Part(name, expected.shape[1:]), sqnr_db(size**2, own - expected)))
            continue
        least = _Least(resolution, span(theirs, masks[name], by) * resolution.step)
        found += _of_output(name, own, expected, divisions[name], least)
    found.sort(key=lambda one: (not (one.constant or one.wrong), _sortable(one.db)))
    return found


@dataclass(frozen=True)
class _Least:
    """What can be told apart: by the precision, and of one output's range."""

    of: Resolution
    step: float


def follows_inputs(answers: np.ndarray) -> bool:
    """Whether [n, ...] vary over samples by more than float32 rounds a network's answers."""
    values = finite(answers)
    least = FLOAT32.share**2 * power(values)
    return float(np.mean(variance(values, 0))) >= least > 0


def _of_output(
    name: str, own: np.ndarray, expected: np.ndarray, divided_into: Sequence[Part], least: _Least
) -> list[Nearness]:
    if divided_into[0].axis is None:
        if moves(expected) < least.step and follows_inputs(expected):
            return [_of_faint(divided_into[0], own, expected, least.step)]
        return [_of_part(divided_into[0], own, expected, least.of)]
    found = [_of_part(part, own, expected, least.of) for part in divided_into]
    whole = Part(name, expected.shape[1:])
    found.append(Nearness(whole, sqnr_db(power(expected), own - expected)))
    return found


def _of_faint(part: Part, own: np.ndarray, expected: np.ndarray, step: float) -> Nearness:
    """What moves by less than a step is near where the error is less than one."""
    size, places = max(power(expected), step**2), float(np.nanvar(expected))
    dead = places > step**2 and np.nanvar(own) <= DEAD**2 * places
    return Nearness(
        part=part,
        db=sqnr_db(size, own - expected),
        constant=part if dead else None,
        steady=power(expected) > step**2 and len(expected) >= LEAST_STEADY,
    )


def is_noise(values: np.ndarray, largest: float) -> bool:
    """Whether an output is rounding noise: tiny, beside larger outputs or of a few levels."""
    size = _size(values)
    if size > NOISE:
        return False
    return size <= BESIDE * largest or _distinct(values) <= NOISE_LEVELS


def _of_part(part: Part, own: np.ndarray, expected: np.ndarray, of: Resolution) -> Nearness:
    theirs, ours = part.of(expected), part.of(own)
    steady, slices = lost(part, ours, theirs, of.share)
    error, size = ours - theirs, power(theirs)
    rounding = power(error) <= of.share**2 * size
    return Nearness(
        part=part,
        db=sqnr_db(size, error),
        follows_db=None if steady or rounding else _follows_db(error, theirs, of.share),
        constant=slices.dead,
        wrong=slices.wrong,
        steady=steady,
        distinct=_distinct(ours),
        source_distinct=_distinct(theirs),
    )


def _follows_db(error: np.ndarray, theirs: np.ndarray, share: float) -> float | None:
    """Of what varies over samples; None where nothing does."""
    varies = float(np.mean(variance(theirs, 0)))
    return sqnr_db(varies, error) if varies > share**2 * power(theirs) else None


def _discrete(part: Part, own: np.ndarray, expected: np.ndarray) -> Nearness:
    """Whole numbers: near where the values are near, or where nearly all are equal."""
    theirs, ours = expected.astype(np.float64), own.astype(np.float64)
    unequal = float(np.mean(theirs != ours)) if theirs.size else 0.0
    db = sqnr_db(power(theirs), ours - theirs)
    if db is not None:
        db = max(db, float(-10 * np.log10(unequal)))
    _, counts = np.unique(theirs, return_counts=True)
    varies = counts.size > 1 and counts.max() < 0.9 * theirs.size
    constant = part if varies and np.unique(ours).size == 1 else None
    wrong = None if constant else wrong_integers(part, ours, theirs)
    return Nearness(part, db, constant=constant, wrong=wrong)


def sqnr_db(signal: float, error: np.ndarray) -> float | None:
    """Signal to quantization noise ratio, dB; None where there is no noise at all.

    Args:
        signal: its power. error: any shape; NaN where nothing is compared.
    """
    noise = power(error)
    return float(10 * np.log10(max(signal, 1e-30) / noise)) if noise > 0 else None


def _few(answers: np.ndarray) -> np.ndarray:
    return np.asarray(answers[: compared_samples(answers)])


def _size(values: np.ndarray) -> float:
    return float(np.sqrt(power(values)))


def _distinct(values: np.ndarray) -> int:
    """Different finite values, of 200,000 at most."""
    flat = values[np.isfinite(values)]
    return len(np.unique(flat[:: max(1, len(flat) // _COUNTED)]))


def _sortable(db: float | None) -> float:
    return np.inf if db is None else db
