import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from edgeopt.stats.proportion import paired_difference, reach, wilson

counts = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
disagreements = st.integers(1, 5000).flatmap(
    lambda n: st.integers(0, n).flatmap(
        lambda total: st.tuples(st.just(n), st.integers(0, total)).map(
            lambda found: (n, found[1], total - found[1])
        )
    )
)


@given(st.floats(0.55, 0.999))
def test_an_interval_reaches_so_far_that_its_sides_have_the_rest(level):
    assert norm.cdf(reach(level)) - norm.cdf(-reach(level)) == pytest.approx(level)
    assert norm.cdf(reach(2 * level - 1)) == pytest.approx(level)  # one side of it


@given(counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_agrees_with_scipy_and_holds_the_share(pair, level):
    k, n = pair
    low, high = wilson(k, n, level)
    expected = binomtest(k, n).proportion_ci(level, method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0.0 <= low <= k / n <= high <= 1.0


@given(counts)
def test_wilson_mirrors(pair):
    k, n = pair
    low, high = wilson(k, n)
    assert wilson(n - k, n) == pytest.approx((1 - high, 1 - low))


def test_no_failure_seen_is_not_no_failure():
    low, high = wilson(100, 100)
    assert high == 1.0
    assert low == pytest.approx(1 / (1 + 1.959964**2 / 100))


def test_the_paired_difference_worked_by_hand():
    # (f12 + 1) / (n + 2) = 0.05 and (f21 + 1) / (n + 2) = 0.02 with n + 2 = 200.
    half = 1.959964 * math.sqrt((0.05 + 0.02 - 0.03**2) / 200)
    assert paired_difference(198, 9, 3) == pytest.approx((0.03 - half, 0.03 + half))


@given(disagreements)
def test_the_interval_holds_the_difference_and_has_a_width(case):
    n, only_first, only_second = case
    low, high = paired_difference(n, only_first, only_second)
    assert -1.0 <= low <= (only_first - only_second) / n <= high <= 1.0
    assert high > low


@given(disagreements)
def test_swapping_the_two_changes_the_sign(case):
    n, only_first, only_second = case
    low, high = paired_difference(n, only_first, only_second)
    assert paired_difference(n, only_second, only_first) == pytest.approx((-high, -low))


def test_agreement_on_everything_says_more_the_more_there_is():
    widths = [high - low for low, high in (paired_difference(n, 0, 0) for n in (10, 100, 1000))]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(2 * 1.959964 * math.sqrt(2) / 1002)


@pytest.mark.parametrize(
    ("n", "shares"), [(50, (0.05, 0.02)), (500, (0.02, 0.01)), (200, (0.1, 0.1))]
)
def test_the_true_difference_is_covered_as_often_as_promised(n, shares):
    rng = np.random.default_rng(n)
    trials = 2000
    hits = 0
    for first, second, _ in rng.multinomial(n, [*shares, 1 - sum(shares)], size=trials):
        low, high = paired_difference(n, int(first), int(second))
        hits += low <= shares[0] - shares[1] <= high
    assert hits / trials > 0.94


@pytest.mark.parametrize("case", [(0, 0, 0), (5, -1, 0), (5, 3, 3)])
def test_counts_that_do_not_add_up_are_refused(case):
    with pytest.raises(ValueError, match="add up to n"):
        paired_difference(*case)


@pytest.mark.parametrize("case", [(0, 0), (3, 2), (-1, 2)])
def test_more_successes_than_tries_are_refused(case):
    with pytest.raises(ValueError, match="k <= n"):
        wilson(*case)
