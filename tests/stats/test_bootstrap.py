import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.stats.bootstrap import median_by_group, paired_bootstrap


def test_the_mean_of_normal_samples_has_the_interval_of_the_textbook():
    samples = np.random.default_rng(0).normal(10.0, 2.0, 400)
    low, high = paired_bootstrap(lambda i: samples[i].mean(), samples.size)
    half = 1.96 * samples.std() / 20
    assert (low, high) == pytest.approx((samples.mean() - half, samples.mean() + half), abs=0.03)


def test_both_scores_see_the_same_samples():
    first = np.random.default_rng(1).normal(0.0, 100.0, 50)
    second = first - 1.0
    low, high = paired_bootstrap(lambda i: first[i].mean() - second[i].mean(), 50, resamples=200)
    assert (low, high) == pytest.approx((1.0, 1.0))


def test_the_seed_decides():
    samples = np.random.default_rng(2).normal(size=30)

    def interval(seed):
        return paired_bootstrap(lambda i: samples[i].mean(), 30, resamples=200, seed=seed)

    assert interval(0) == interval(0) != interval(1)


def test_groups_are_drawn_whole():
    ids = np.array(["x", "y", "x", "z", "y", "x"])
    sizes = {"x": 3, "y": 2, "z": 1}
    seen = []

    def statistic(indices):
        names, counts = np.unique(ids[indices], return_counts=True)
        drawn = dict(zip(names, counts, strict=True))
        seen.append(all(count % sizes[name] == 0 for name, count in drawn.items()))
        return float(len(indices))

    paired_bootstrap(statistic, 6, groups=ids, resamples=50)
    assert all(seen)
    assert len(seen) == 50


def test_repeated_samples_do_not_narrow_the_interval_when_they_are_one_group():
    rng = np.random.default_rng(3)
    patients = rng.normal(size=20)
    images = np.repeat(patients, 25)

    def width(groups):
        low, high = paired_bootstrap(lambda i: images[i].mean(), 500, groups=groups, resamples=500)
        return high - low

    by_patient = width(np.repeat(np.arange(20), 25))
    assert by_patient == pytest.approx(5 * width(None), rel=0.2)


def test_resamples_without_a_value_are_left_out_until_they_are_the_most():
    rare = np.arange(10) == 0

    def defined_with(indices):
        return 1.0 if rare[indices].any() else np.nan  # in 65 % of the resamples

    assert paired_bootstrap(defined_with, 10) == (1.0, 1.0)
    with pytest.raises(ValueError, match="of 2000 resamples only"):
        paired_bootstrap(lambda i: 2.0 if rare[i].sum() > 1 else np.nan, 10)


@pytest.mark.parametrize(
    ("n", "groups", "message"),
    [
        (1, None, "needs 2 samples or groups"),
        (3, ["a", "a", "a"], "needs 2 samples or groups"),
        (3, ["a", "b"], "a group for each of 3 samples"),
    ],
)
def test_too_little_to_resample_is_refused(n, groups, message):
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(lambda i: 0.0, n, groups)


groups_of_numbers = st.lists(
    st.lists(st.floats(-10, 10), min_size=1, max_size=9), min_size=1, max_size=6
)


@given(groups_of_numbers)
def test_the_median_of_groups_of_any_length_stays_within_them(groups):
    low, high = median_by_group(groups, resamples=200)
    values = np.concatenate(groups)
    assert values.min() <= low <= high <= values.max()


@given(groups_of_numbers)
def test_the_sign_mirrors_the_interval(groups):
    low, high = median_by_group(groups, resamples=200)
    mirrored = median_by_group([[-x for x in group] for group in groups], resamples=200)
    assert mirrored == pytest.approx((-high, -low))


def test_equal_groups_and_a_short_one_count_by_their_samples():
    # 3 of 4 groups are long and hold 0: a lone sample of 1 in the fourth moves no median.
    assert median_by_group([[0.0] * 50] * 9 + [[1.0]]) == (0.0, 0.0)


def test_groups_that_differ_widen_the_interval():
    rng = np.random.default_rng(4)
    samples = rng.normal(size=(5, 20))

    def width(shift):
        low, high = median_by_group(list(samples + shift * np.arange(5)[:, np.newaxis]))
        return high - low

    assert width(1.0) > 2 * width(0.0)


@pytest.mark.slow
def test_five_groups_are_covered_nearly_as_promised():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(300):
        groups = rng.normal(0.0, 0.5, (5, 1)) + rng.standard_t(3, (5, 20))
        low, high = median_by_group(list(groups), resamples=500)
        hits += low <= 0.0 <= high
    assert hits / 300 > 0.88


def test_no_groups_are_refused():
    with pytest.raises(ValueError, match="one group at least"):
        median_by_group([])
