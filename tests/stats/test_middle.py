from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.stats.middle import middle_half


def test_the_tails_are_set_aside_in_place():
    assert middle_half([9, 1, 5, 6, 100, 0, 4, 7]) == [2, 3, 6, 7]
    assert middle_half([3]) == [0]
    assert middle_half([3, 1, 2]) == [0, 1, 2]
    with pytest.raises(ValueError, match="no values"):
        middle_half([])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=50))
def test_half_is_kept_and_lies_between_the_others(values):
    kept = middle_half(values)
    inside = [values[i] for i in kept]
    outside = [value for i, value in enumerate(values) if i not in kept]
    assert len(inside) >= len(values) / 2
    assert sum(value > max(inside) for value in outside) <= len(values) // 4
    assert sum(value < min(inside) for value in outside) <= len(values) // 4
