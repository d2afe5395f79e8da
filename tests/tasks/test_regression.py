import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import regression
from tests.tasks.resampled import assert_adds_up


def values(seed, n=40, width=3):
    rng = np.random.default_rng(seed)
    truths = rng.normal(50, 10, (n, width)) * rng.choice([1, -1], (n, width))
    return truths + rng.normal(0, 8, (n, width)), truths


SECOND = {
    "mae": sklearn.mean_absolute_error,
    "rmse": lambda t, a: np.sqrt(sklearn.mean_squared_error(t, a)),
    "mape": sklearn.mean_absolute_percentage_error,
    "smape": lambda t, a: np.mean(2 * np.abs(a - t) / (np.abs(a) + np.abs(t))),
    "r2": sklearn.r2_score,
}


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("name", regression.METRICS)
def test_the_value_is_scikit_learns(name, width):
    answers, truths = values(1, width=width)
    found = regression.METRICS[name](answers, truths).value()
    np.testing.assert_allclose(found, SECOND[name](truths, answers), rtol=1e-12)


@given(st.sampled_from(sorted(regression.METRICS)), st.integers(0, 10_000), st.integers(2, 12))
def test_a_resample_is_the_metric_of_the_resampled(name, seed, n):
    answers, truths = values(seed, n)
    assert_adds_up(regression.METRICS[name], answers, truths, seed=seed)


def test_far_from_0_no_digits_are_lost():
    answers, truths = values(2)
    far = regression.r2(answers + 1e7, truths + 1e7).value()
    np.testing.assert_allclose(far, sklearn.r2_score(truths, answers), rtol=1e-6)


def test_truths_that_never_change():
    truths = np.full((5, 1), 3.0)
    assert regression.r2(truths.copy(), truths).value() == 1
    assert regression.r2(truths + 1, truths).value() == 0


def test_both_0_is_no_error():
    assert regression.smape(np.zeros((2, 1)), np.array([[0.0], [1.0]])).value() == 1


def test_what_cannot_be_judged():
    with pytest.raises(BadInput, match="mape divides by the labels, and 1 of 2 are 0"):
        regression.mape(np.ones((2, 1)), np.array([[0.0], [1.0]]))
    with pytest.raises(BadInput, match=r"the answers are \[2, 3\] and the labels \[2\]"):
        regression.mae(np.ones((2, 3)), np.ones(2))


def ragged(seed, n=30, width=6):
    """Answers with +infinity past their ends, labels, and how long each is."""
    answers, truths = values(seed, n, width)
    lengths = np.random.default_rng(seed).integers(1, width + 1, n)
    there = np.arange(width) < lengths[:, None]
    return np.where(there, answers, np.inf), np.where(there, truths, 0), lengths


@pytest.mark.parametrize("name", ["mae", "rmse", "mape", "smape"])
def test_what_is_past_an_answers_end_does_not_count(name):
    answers, truths, lengths = ragged(3)
    found = regression.METRICS[name](answers, truths, True).value()
    each = [SECOND[name](t[:m], a[:m]) for a, t, m in zip(answers, truths, lengths, strict=True)]
    mean = np.sqrt(np.mean(np.square(each))) if name == "rmse" else np.mean(each)
    np.testing.assert_allclose(found, mean, rtol=1e-12)
    assert not np.isfinite(regression.METRICS["mae"](answers, truths).value())


def test_each_value_is_explained_by_the_samples_that_reach_it():
    answers, truths, lengths = ragged(4)
    rows = [lengths > k for k in range(6)]
    each = [sklearn.r2_score(truths[r, k], answers[r, k]) for k, r in enumerate(rows)]
    found = regression.r2(answers, truths, True).value()
    np.testing.assert_allclose(found, np.mean(each), rtol=1e-9)


def test_a_source_that_stands_for_the_labels_ends_where_it_ends():
    answers, _, _ = ragged(5)
    task = regression.Regression(("y",), ragged=True)
    judged = task.judged({"y": answers}, task.truths_of({"y": answers}))
    assert judged.contributions("mae").value() == 0
    assert judged.contributions("r2").value() == 1
