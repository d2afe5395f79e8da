import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.stats.early_stopping import required, tail


# LoadGen's table: queries in all for t = 0, 1, 2, 5, 10 over the latency, at 99 %.
@pytest.mark.parametrize(
    ("percentile", "totals"),
    [
        (0.50, (7, 11, 14, 22, 35)),
        (0.90, (44, 64, 81, 127, 197)),
        (0.95, (90, 130, 165, 259, 398)),
        (0.99, (459, 662, 838, 1307, 2010)),
    ],
)
def test_loadgens_table(percentile, totals):
    assert tuple(required(percentile, over) for over in (0, 1, 2, 5, 10)) == totals


@pytest.mark.parametrize(("percentile", "least"), [(0.9, 64), (0.95, 130), (0.99, 662)])
def test_one_sample_too_few_gives_no_estimate_and_the_least_number_gives_the_maximum(
    percentile, least
):
    assert tail(range(least - 1), percentile) is None
    assert tail(range(least), percentile) == least - 1


@pytest.mark.parametrize(("n", "share"), [(128, 0.969), (256, 0.949), (512, 0.934), (1024, 0.923)])
def test_more_samples_come_nearer_to_the_percentile(n, share):
    rank = tail(range(1, n + 1), 0.9)
    assert round(rank / n, 3) == share


def test_a_tolerance_asks_for_fewer():
    assert required(0.9, 1, tolerance=0.02) < required(0.9, 1)


@given(
    st.sampled_from([0.5, 0.8, 0.9, 0.97]),
    st.integers(0, 40),
    st.sampled_from([0.9, 0.99]),
)
def test_the_total_is_the_smallest_that_passes(percentile, over, confidence):
    def chance(n):
        q = 1 - percentile
        return sum(math.comb(n, i) * q**i * percentile ** (n - i) for i in range(over + 1))

    n = required(percentile, over, confidence)
    assert chance(n) <= 1 - confidence < chance(n - 1)


@given(st.integers(64, 700))
def test_the_estimate_is_the_one_that_required_allows(n):
    over = n - 1 - int(tail(range(n), 0.9))
    allowed = over + 1
    assert required(0.9, allowed) <= n < required(0.9, allowed + 1)


@pytest.mark.slow
@given(st.lists(st.floats(1.0, 1e9), min_size=64, max_size=100), st.randoms())
def test_the_order_of_the_samples_does_not_matter(samples, random):
    estimate = tail(samples, 0.9)
    assert np.quantile(samples, 0.9) <= estimate <= max(samples)
    random.shuffle(samples)
    assert tail(samples, 0.9) == estimate


def test_the_true_percentile_is_underestimated_once_in_a_hundred():
    rng = np.random.default_rng(0)
    true = -math.log(0.1)
    below = sum(tail(samples, 0.9) < true for samples in rng.exponential(1.0, (2000, 200)))
    assert below / 2000 <= 0.01 + 3 * math.sqrt(0.01 * 0.99 / 2000)


@pytest.mark.parametrize(
    "arguments",
    [
        {"percentile": 90, "over": 1},
        {"percentile": 0.9, "over": -1},
        {"percentile": 0.9, "over": 1, "confidence": 1.0},
        {"percentile": 0.9, "over": 1, "tolerance": 0.95},
    ],
)
def test_a_share_outside_its_range_is_refused(arguments):
    with pytest.raises(ValueError, match="must"):
        required(**arguments)
