"""Numbers of operators as spans, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.domain.layers import numbers, span_of, spans


@given(st.sets(st.integers(0, 60)))
def test_spans_hold_their_numbers(chosen):
    assert numbers(spans(chosen)) == chosen


def test_spans_in_words():
    assert spans([5, 1, 2, 3]) == ("1-3", "5")
    assert span_of(4, 4) == "4"


@pytest.mark.parametrize("wrong", ["", "a", "3-", "-3", "5-2", "1-2-3"])
def test_no_span(wrong):
    with pytest.raises(ValueError, match="span"):
        numbers([wrong])
