import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from edgeopt.tasks import correlation
from tests.tasks.resampled import assert_adds_up


def pairs(seed, n=50):
    rng = np.random.default_rng(seed)
    truths = rng.integers(0, 6, n).astype(float)
    # Rounded as sums: answers that differ in their last bit alone correlate with anything.
    return (truths + rng.normal(0, 1.5, n)).round(1), truths


SECOND = {correlation.pearson: stats.pearsonr, correlation.spearman: stats.spearmanr}


@pytest.mark.parametrize("metric", SECOND)
@pytest.mark.parametrize("far", [0, 1e6])
def test_values_are_scipys(metric, far):
    answers, truths = pairs(0)
    wanted = SECOND[metric](answers, truths).statistic
    np.testing.assert_allclose(metric(answers + far, truths - far).value(), wanted, rtol=1e-7)


@given(st.sampled_from(list(SECOND)), st.integers(0, 10_000), st.integers(3, 20))
def test_a_resample_is_the_metric_of_the_resampled(metric, seed, n):
    assert_adds_up(metric, *pairs(seed, n), seed=seed)


@pytest.mark.parametrize("metric", SECOND)
def test_constants(metric):
    flat, rising = np.full(4, 7.0), np.arange(4.0)
    assert metric(flat, rising).value() == 0
    assert np.isnan(metric(rising, flat).value())
    assert metric(rising, rising).value() == pytest.approx(1)
    assert metric(-rising, rising).value() == pytest.approx(-1)
