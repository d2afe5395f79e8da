import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.stats.quantile import median, median_interval

durations = st.lists(st.floats(1.0, 1e9), min_size=1, max_size=60)


def covered(n: int, k: int) -> float:
    """What the k-th smallest and k-th largest of n cover, counted out."""
    return 1 - 2 * sum(math.comb(n, i) for i in range(k)) / 2**n


def test_the_median_of_an_even_number_lies_between_the_middle_two():
    assert median([4.0, 1.0, 2.0, 10.0]) == 3.0


@pytest.mark.parametrize("samples", [[], [[1.0], [2.0]], [1.0, math.nan], [math.inf]])
def test_what_is_not_a_row_of_finite_numbers_is_refused(samples):
    with pytest.raises(ValueError, match="expected"):
        median(samples)


@pytest.mark.parametrize("n", range(1, 120))
def test_the_interval_is_the_narrowest_pair_of_ranks_that_covers_the_level(n):
    found = median_interval(range(1, n + 1), 0.95)
    ranks = [k for k in range(1, (n + 1) // 2 + 1) if covered(n, k) >= 0.95]
    assert found == ((ranks[-1], n + 1 - ranks[-1]) if ranks else None)


def test_below_six_samples_no_95_percent_interval_exists():
    assert median_interval([1, 2, 3, 4, 5]) is None
    assert median_interval([1, 2, 3, 4, 5, 6]) == (1.0, 6.0)


def test_a_level_that_is_met_exactly_is_met():
    assert median_interval([1, 2, 3, 4, 5], level=1 - 2 / 2**5) == (1.0, 5.0)


@pytest.mark.parametrize("level", [0.0, 1.0, 95])
def test_a_level_outside_0_to_1_is_refused(level):
    with pytest.raises(ValueError, match="`level` must lie between"):
        median_interval([1.0], level)


@given(durations, st.sampled_from([0.5, 0.8, 0.95]))
def test_the_interval_holds_the_median(samples, level):
    bounds = median_interval(samples, level)
    assert bounds is None or bounds[0] <= median(samples) <= bounds[1]


@given(durations)
def test_a_higher_level_is_never_narrower(samples):
    narrow, wide = median_interval(samples, 0.8), median_interval(samples, 0.95)
    assert wide is None or (narrow is not None and wide[0] <= narrow[0] <= narrow[1] <= wide[1])


@given(durations, st.integers(-3, 3))
def test_the_unit_does_not_matter(samples, power):
    factor = 2.0**power
    bounds = median_interval(samples)
    scaled = median_interval([factor * s for s in samples])
    assert scaled == (None if bounds is None else (factor * bounds[0], factor * bounds[1]))


@pytest.mark.parametrize("n", [6, 20, 101])
def test_skewed_samples_are_covered_as_often_as_promised(n):
    rng = np.random.default_rng(n)
    trials = 1000
    hits = 0
    for samples in rng.lognormal(0.0, 1.0, (trials, n)):
        low, high = median_interval(samples)
        hits += low <= 1.0 <= high
    assert hits / trials > 0.95 - 3 * math.sqrt(0.95 * 0.05 / trials)
