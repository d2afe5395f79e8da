import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.stats.noise import aa_noise


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
