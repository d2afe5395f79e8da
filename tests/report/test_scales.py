import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edgeopt.report.scales import Scale, linear_ticks, log_ticks, positive_scale


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (-0.9, 6.2, [0, 2, 4, 6]),
        (0.131, 0.162, [0.14, 0.15, 0.16]),
        (-0.0001, 0.0021, [0, 0.0005, 0.001, 0.0015, 0.002]),
    ],
)
def test_linear_ticks_are_round(low, high, ticks):
    assert linear_ticks(low, high) == ticks


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.09, 1200, [0.1, 1, 10, 100, 1000]),
        (2, 400, [3, 10, 30, 100, 300]),
        (0.9, 11, [1, 2, 5, 10]),
        (6.1, 44, [8, 10, 15, 20, 30, 40]),
    ],
)
def test_log_ticks_are_round(low, high, ticks):
    assert log_ticks(low, high) == ticks


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4))
def test_there_are_a_few_linear_ticks_all_within(low, width):
    ticks = linear_ticks(low, low + width)
    assert 2 <= len(ticks) <= 7
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)


@given(st.floats(1e-3, 1e3), st.floats(5.01, 1e5))
def test_there_are_a_few_log_ticks_all_within(low, times):
    ticks = log_ticks(low, low * times)
    assert 4 <= len(ticks) <= 11
    assert all(low <= tick <= low * times for tick in ticks)


def test_the_scale_is_logarithmic_only_where_values_spread_far():
    assert not positive_scale([10, 50], 0, 100).log
    assert positive_scale([10, 51], 0, 100).log


def test_a_single_value_stands_in_the_middle():
    assert positive_scale([7.0, 7.0], 0, 100)(7.0) == 50


def test_a_value_outside_is_drawn_at_the_edge():
    scale = Scale(0, 10, 100, 0)
    assert scale(25) == 0
    assert scale(-3) == 100
    assert scale.ticks == [0, 2, 4, 6, 8, 10]


@given(st.lists(st.floats(1e-2, 1e4), min_size=2, max_size=20))
def test_order_is_kept_and_everything_is_within(values):
    assume(max(values) > min(values) * 1.001)
    scale = positive_scale(values, 50, 1000)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert places[0] >= 50
    assert places[-1] <= 1000
