import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.stats.noise import aa_noise, drift, variation


def test_the_noise_is_the_end_of_the_interval_that_is_farther_from_1():
    pairs = [[math.log(0.96), 0.0, 0.0, 0.0, 0.0, math.log(1.03)]]  # six: the range
    assert aa_noise(pairs) == pytest.approx(1 / 0.96 - 1)


@given(st.lists(st.floats(-0.3, 0.3), min_size=6, max_size=30))
def test_the_noise_does_not_know_the_arms_apart(pairs):
    assert aa_noise([pairs]) == pytest.approx(aa_noise([[-x for x in pairs]]))
    assert aa_noise([pairs]) >= 0.0


def test_a_quiet_machine_and_a_noisy_one():
    rng = np.random.default_rng(0)
    quiet, noisy = (aa_noise(list(rng.normal(0.0, sd, (5, 20)))) for sd in (0.005, 0.05))
    assert quiet < 0.003
    assert noisy > 0.005


def test_too_few_pairs_have_no_noise():
    assert aa_noise([[0.0] * 5]) is None


@pytest.mark.parametrize(
    ("values", "share"),
    [
        ([10, 10, 10], 0.0),
        ([10, 99, 11], 0.1),
        ([10, 10, 900, 10, 5, 5, 12, 12, 1], 0.2),
        ([20, 20, 10, 10, 10, 10], -0.5),
    ],
)
def test_drift_compares_the_last_third_with_the_first(values, share):
    assert drift(values) == pytest.approx(share)


def test_a_throttled_canary_drifts_and_a_jittery_one_varies():
    rng = np.random.default_rng(1)
    steady = rng.normal(5e6, 2e4, 40)
    throttled = steady * np.where(np.arange(40) < 25, 1.0, 1.3)
    jittery = rng.normal(5e6, 1e6, 40)
    assert abs(drift(steady)) < 0.01 < 0.29 < drift(throttled) < 0.31
    assert variation(steady) < 0.01 < 0.15 < variation(jittery)


def test_variation_is_the_standard_deviation_over_the_mean():
    assert variation([9, 10, 11]) == pytest.approx(0.1)


@pytest.mark.parametrize("function", [drift, variation])
@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 0.0]])
def test_too_few_or_impossible_durations_are_refused(function, values):
    with pytest.raises(ValueError, match="durations above 0 at least"):
        function(values)
