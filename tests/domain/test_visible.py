"""Texts without what a terminal would obey."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.domain.visible import OBEYED, lines, visible

ALPHABET = st.sampled_from(
    "a[\\]/é模 \0\n\r\t\x1b\x7f\x9b\u061c\u202e\u2028\u2066\ufeff\ud800\U000e0041"
)


@given(st.text(ALPHABET))
def test_what_is_shown_has_nothing_to_obey_and_loses_nothing_else(text):
    shown = visible(text)
    assert not OBEYED.search(shown)
    assert visible(shown) == shown
    assert OBEYED.sub("", text) == text or shown != text
    assert len(shown) >= len(text)


@given(st.lists(st.text(ALPHABET), min_size=1))
def test_lines_break_where_they_are_meant_to_and_nowhere_else(parts):
    assert lines(*parts).split("\n") == [visible(part) for part in parts]
    assert visible(lines(*parts)) == lines(*parts)


@pytest.mark.parametrize("joined", ["نمی‌خواهم", "👩‍👩‍👧", "naïve Ünïcode 模型"])
def test_names_of_every_script_stay(joined):
    assert visible(joined) == joined
