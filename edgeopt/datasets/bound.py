"""How much other samples may lose: what was counted, and what margins tell, taken together.

At 120 samples a count of lost answers says little: none lost is what one in a hundred lost often
looks like. The margins of the source's answers and the noise that a candidate adds tell more
(`noise.py`): from them follows how many answers noise like this changes. That figure is scaled by
how many did change (a Gamma distribution, since counts are Poisson's), and made wider by how much
it differs between samples, or between groups of them. Where the count contradicts the margins,
the count alone decides.

A bound orders candidates. It is no interval: nothing is called kept by it.
"""

from __future__ import annotations

import math

import numpy as np

from edgeopt.datasets.function import is_reference
from edgeopt.datasets.metric import Columns, Metric
from edgeopt.datasets.noise import Noise, noise
from edgeopt.stats.proportion import paired_difference, reach

#: The share of cases in which other samples are to lose less than the bound.
LEVEL = 0.95

#: How many changed answers there are for each that margins foretell, and how far that differs from
#: candidate to candidate: a Gamma distribution of this mean, as narrow as so many counted
#: changes would make it. Of the forms of benchmarks/promise.
FORETOLD, WORTH = 1.1, 5.0

_OVERLAYS = 24
_LARGEST = 1e9  # noise is made larger until it changes something; so much is like none
_ENOUGH = 4.0  # changed answers that an estimate rests on
_MOST, _VALUES = 1000, 10**7  # samples that noise is laid over, and values of their answers
_ONE_GROUP = 10.0  # standard errors that one group's figure may be off another's: a guess
_SURE = 0.01  # a count that is less likely than this contradicts the margins


def bound(
    metric: Metric,
    outputs: np.ndarray,
    source_outputs: np.ndarray,
    truths: np.ndarray,
    groups: np.ndarray | None,
) -> float | None:
    """The drop that other samples like these exceed in one of twenty cases, of a counting metric.

    Args:
        outputs, source_outputs: [n, *output shape] of the candidate and the source.
        truths: from `metric.truths`.
        groups: [n], of samples that are not independent, or None.

    Returns:
        In the metric's unit; None where the metric does not count samples, or is a function of the
        user's, which would be called some hundred times.
    """
    if not metric.counting or not metric.higher_is_better or is_reference(metric.name):
        return None
    rows = slice(0, min(_MOST, max(2, _VALUES // source_outputs[0].size)))
    found = noise(source_outputs[rows], outputs[rows])
    before, after = metric.columns(source_outputs, truths), metric.columns(outputs, truths)
    if metric.proportion:
        return _of_counts(metric, before[0], after[0], found, truths[rows], groups)
    if found is None:
        return None
    return _of_scores(metric, before, after, found, truths[rows], groups)


def _of_counts(
    metric: Metric,
    before: np.ndarray,
    after: np.ndarray,
    found: Noise | None,
    truths: np.ndarray,
    groups: np.ndarray | None,
) -> float:
    """The bound of a share of samples that are right: bool[n], bool[n]."""
    lost, won = before & ~after, after & ~before
    units = _units(groups, len(before))
    share = min(1.0, (int(units.max()) + 1) / len(before))
    counted = _counted(int(lost.sum()), int(won.sum()), len(before), share)
    if found is None or not found.added.any():
        return counted if found is None or (lost | won).any() else 0.0
    right = before[: len(truths)]
    times, foretold = _foretold(metric, found, truths, right)
    net, changed = foretold.sum(axis=1) / times, np.abs(foretold).sum(axis=1) / times
    expected = changed.mean() * len(before)
    seen = int(lost.sum() + won.sum())
    if _contradicts(seen, expected):
        return counted
    ratio = (WORTH + seen) / (WORTH / FORETOLD + expected)
    per_unit = _means(net, units[: len(net)])
    spread = math.hypot(
        net.mean() / math.sqrt(WORTH + seen),
        _error(per_unit, float(changed.mean())),
    )
    return min(1.0, float(ratio * (net.mean() + _skewed(changed.mean(), spread) * spread)))


def _foretold(
    metric: Metric, found: Noise, truths: np.ndarray, right: np.ndarray
) -> tuple[float, np.ndarray]:
    """How many times the noise was laid, and shares of overlays that lose and win (-), [n, 2]."""
    times = found.times
    while True:
        rng = np.random.default_rng(0)
        changed = np.zeros((len(right), 2))
        for _ in range(_OVERLAYS):
            hits = metric.columns(found.laid(rng, times), truths)[0]
            changed += np.stack([right & ~hits, -1.0 * (hits & ~right)], axis=1)
        changed /= _OVERLAYS
        if np.abs(changed).sum() >= _ENOUGH or times >= _LARGEST:
            return times, changed
        times *= 4


def _contradicts(seen: int, expected: float) -> bool:
    """Whether so many changes are too many for what margins foretell, at its largest."""
    if seen == 0:
        return False
    from scipy.special import betainc

    # Poisson of a Gamma: negative binomial, here its probability of so many or more.
    foretold = FORETOLD * expected
    return bool(betainc(seen, WORTH, foretold / (WORTH + foretold)) < _SURE)


def _counted(lost: int, won: int, n: int, share: float) -> float:
    """By the count alone, of as many samples as are independent."""
    effective = max(1, round(n * share))
    return paired_difference(effective, lost * share, won * share, 2 * LEVEL - 1)[1]


def _of_scores(
    metric: Metric,
    before: Columns,
    after: Columns,
    found: Noise,
    truths: np.ndarray,
    groups: np.ndarray | None,
) -> float:
    """The bound of a metric of all samples together, by resamples of samples and of noise."""
    value = metric.combine(*before) - metric.combine(*after)
    source = tuple(column[: len(truths)] for column in before)
    units = _units(groups, len(truths))
    times = found.times
    while True:
        drops = _drops(metric, source, found, truths, units, times) / times
        if not len(drops) or drops.mean() * times * len(truths) >= 1 or times >= _LARGEST:
            break
        times *= 4
    if not len(drops):
        return 1.0
    foretold, chance = FORETOLD * float(drops.mean()), float(drops.std()) * _few(units.max() + 1)
    own = math.hypot(foretold / math.sqrt(WORTH), chance)
    least = max(chance, 1e-12)
    weight = own**-2 / (own**-2 + least**-2) if own > 0 else 1.0
    middle = weight * foretold + (1 - weight) * value
    spread = max(chance / math.sqrt(2), math.sqrt(weight) * own)
    return float(middle + reach(2 * LEVEL - 1) * spread)


def _drops(
    metric: Metric,
    source: Columns,
    found: Noise,
    truths: np.ndarray,
    units: np.ndarray,
    times: float,
) -> np.ndarray:
    rng = np.random.default_rng(0)
    members = [np.flatnonzero(units == unit) for unit in range(int(units.max()) + 1)]
    drops = []
    for _ in range(2 * _OVERLAYS):
        laid = metric.columns(found.laid(rng, times), truths)
        drawn = rng.integers(len(members), size=len(members))
        rows = np.concatenate([members[unit] for unit in drawn])
        own, theirs = (metric.combine(*(c[rows] for c in columns)) for columns in (laid, source))
        drops.append(theirs - own)
    found_drops = np.array(drops)
    return found_drops[np.isfinite(found_drops)]


def _units(groups: np.ndarray | None, n: int) -> np.ndarray:
    """int[n]: the number of each sample's group, or of the sample."""
    if groups is None:
        return np.arange(n)
    return np.unique(groups[:n], return_inverse=True)[1]


def _means(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Means of [n] by unit, each as heavy as it has samples."""
    sums = np.bincount(units, values)
    counts = np.bincount(units)
    there = counts > 0
    return sums[there] / counts[there].mean()


def _error(per_unit: np.ndarray, changed: float) -> float:
    """Standard error of a mean over units; of one unit, many times what changes in it."""
    if len(per_unit) < 2:
        return _ONE_GROUP * changed
    return float(per_unit.std() / math.sqrt(len(per_unit))) * _few(len(per_unit))


def _few(units: int) -> float:
    """By how much an estimate from few units is less sure than its spread says: Student's t."""
    from scipy.special import ndtri, stdtrit

    return float(stdtrit(units - 1, LEVEL) / ndtri(LEVEL)) if units > 1 else _ONE_GROUP


def _skewed(mean: float, spread: float) -> float:
    """How many standard deviations above its mean a Gamma distribution has its `LEVEL`."""
    from scipy.special import gammaincinv, ndtri

    if spread <= 0 or not math.isfinite(spread):
        return float(ndtri(LEVEL))
    shape = max((mean / spread) ** 2, 0.05)
    return float((gammaincinv(shape, LEVEL) - shape) / math.sqrt(shape))
