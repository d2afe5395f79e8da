import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.stats.outliers import share


def test_a_storm_is_counted():
    samples = np.random.default_rng(0).normal(1e6, 1e4, 2000)
    calm = share(samples)
    samples[::100] *= 50
    assert calm < 0.006
    assert share(samples) == pytest.approx(calm + 0.01, abs=0.002)


def test_of_mostly_equal_samples_every_other_one_counts():
    assert share([5, 5, 5, 5, 6]) == 0.2
    assert share([5, 5, 5]) == 0.0


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=50), st.sampled_from([0.5, 4.0]))
def test_the_share_is_one_and_without_a_unit(samples, factor):
    assert 0.0 <= share(samples) <= 0.5
    assert share([factor * s for s in samples]) == share(samples)


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=50))
def test_a_wider_limit_never_counts_more(samples):
    assert share(samples, 5.0) <= share(samples, 3.0)


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(ValueError, match="`limit` must be above 0"):
        share([1.0], 0.0)
