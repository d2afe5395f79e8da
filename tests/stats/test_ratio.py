import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.stats import ratio

block = st.lists(st.integers(100, 10**9), min_size=1, max_size=8)
rounds = st.lists(st.tuples(block, block), min_size=1, max_size=8)
launches = st.lists(
    st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=10), min_size=1, max_size=4
).filter(lambda found: sum(map(len, found)) >= 6)


def test_a_pair_says_how_many_times_as_fast_the_first_is():
    (found,) = ratio.log_ratios([[10, 20, 30]], [[50, 40, 30]])
    assert math.exp(found) == pytest.approx(2.0)


@given(rounds, st.floats(1e-6, 1e6))
def test_the_unit_and_a_factor_on_both_arms_leave_the_ratios(pairs, factor):
    a, b = zip(*pairs, strict=True)
    scaled = ratio.log_ratios(
        [np.multiply(x, factor) for x in a], [np.multiply(x, factor) for x in b]
    )
    assert scaled == pytest.approx(ratio.log_ratios(a, b), abs=1e-9)


@given(rounds)
def test_swapping_the_arms_changes_the_sign(pairs):
    a, b = zip(*pairs, strict=True)
    assert (ratio.log_ratios(a, b) == -ratio.log_ratios(b, a)).all()


def test_no_rounds_give_no_ratios():
    assert ratio.log_ratios([], []).shape == (0,)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([[1], [2]], [[1]], "2 blocks and 1 blocks"),
        ([[1]], [[0]], "durations must be above 0"),
        ([[1]], [[-3]], "durations must be above 0"),
        ([[]], [[1]], "one or more numbers"),
    ],
)
def test_blocks_that_are_no_pairs_are_refused(a, b, message):
    with pytest.raises(ValueError, match=message):
        ratio.log_ratios(a, b)


@given(launches)
def test_the_interval_holds_the_estimate(pairs):
    low, high = ratio.interval(pairs)
    assert low <= ratio.estimate(pairs) <= high


@given(launches)
def test_the_interval_mirrors(pairs):
    low, high = ratio.interval(pairs)
    mirrored = ratio.interval([[-x for x in launch] for launch in pairs])
    assert mirrored == pytest.approx((-high, -low))


def test_one_launch_has_the_order_statistic_interval_alone():
    pairs = [np.arange(1.0, 21.0)]
    assert ratio.interval(pairs) == (6.0, 15.0)
    assert ratio.interval([*pairs, []]) == (6.0, 15.0)


def test_launches_that_differ_widen_what_pairs_alone_would_say():
    rng = np.random.default_rng(0)
    noise = rng.normal(0.0, 0.01, (5, 20))
    together = ratio.interval([noise.ravel()])
    alike = ratio.interval(list(noise))
    apart = ratio.interval(list(noise + np.linspace(-0.05, 0.05, 5)[:, np.newaxis]))
    assert alike[0] <= together[0] < together[1] <= alike[1]
    assert apart[1] - apart[0] > 3 * (alike[1] - alike[0])


def test_too_few_pairs_have_no_interval():
    assert ratio.interval([[0.1, 0.2], [0.3, 0.2], [0.1]]) is None
    assert ratio.interval([[0.1, 0.2], [0.3, 0.2], [0.1, 0.2]]) is not None
    assert ratio.interval([[0.1] * 6], level=1 - 0.05 / 3) is None


def test_no_pairs_at_all_are_refused():
    with pytest.raises(ValueError, match="one pair of blocks at least"):
        ratio.interval([[], []])


@pytest.mark.slow
@pytest.mark.parametrize(("spread", "least"), [(0.0, 0.95), (0.005, 0.93), (0.01, 0.88)])
def test_the_true_ratio_is_covered_when_launches_differ(spread, least):
    rng = np.random.default_rng(7)
    trials = 150
    hits = 0
    for _ in range(trials):
        pairs = rng.normal(0.0, spread, (5, 1)) + 0.02 * rng.standard_t(3, (5, 20))
        low, high = ratio.interval(list(pairs))
        hits += low <= 0.0 <= high
    assert hits / trials >= least
