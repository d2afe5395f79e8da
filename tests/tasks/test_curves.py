import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from sklearn.metrics import roc_auc_score, roc_curve

from edgeopt.tasks import curves
from tests.tasks.resampled import assert_adds_up


def scored(seed, n=60, ties=True):
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.4
    positive[:2] = True, False
    scores = rng.normal(positive * 1.2)
    return (np.round(scores * 2) / 2 if ties else scores), positive


def eer_of_curve(scores, positive):
    """From scikit-learn's curve, where the line of equal errors crosses it."""
    alarms, found, _ = roc_curve(positive, scores, drop_intermediate=False)
    return brentq(lambda x: 1 - x - np.interp(x, alarms, found), 0, 1)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_values_are_scikit_learns(seed, ties):
    scores, positive = scored(seed, ties=ties)
    told = curves.told(scores, positive)
    np.testing.assert_allclose(
        curves.Area(told).value(), roc_auc_score(positive, scores), rtol=1e-12
    )
    weights = np.random.default_rng(seed).integers(0, 4, len(scores))
    weighted = roc_auc_score(positive, scores, sample_weight=weights)
    np.testing.assert_allclose(curves.Area(told).value(weights), weighted, rtol=1e-12)
    found = curves.EqualErrorRate(told).value()
    assert abs(found - eer_of_curve(scores, positive)) < 1e-9


@given(st.sampled_from([curves.Area, curves.EqualErrorRate]), st.integers(0, 10_000))
def test_a_resample_is_the_metric_of_the_resampled(kind, seed):
    def metric(scores, positive):
        return kind(curves.told(scores, positive))

    assert_adds_up(metric, *scored(seed, 12), seed=seed)


def test_ends():
    positive = np.array([False, False, True, True])
    for scores, area, error in (([0, 1, 2, 3], 1, 0), ([3, 2, 1, 0], 0, 1), ([1] * 4, 0.5, 0.5)):
        told = curves.told(np.array(scores, float), positive)
        assert curves.Area(told).value() == area
        assert curves.EqualErrorRate(told).value() == error


def test_one_kind_alone_has_no_value():
    told = curves.told(np.arange(3.0), np.ones(3, bool))
    assert np.isnan(curves.Area(told).value())
    assert np.isnan(curves.EqualErrorRate(told).value())


def test_a_score_that_is_nan_is_the_lowest():
    told = curves.told(np.array([np.nan, 1, 2]), np.array([True, False, False]))
    assert curves.Area(told).value() == 0
