"""Which question a build asks next, by what others asked."""

import pytest

from edgeopt.tuning import suggestion
from edgeopt.tuning.foreseen import AFTER, NOTHING, Foreseen

A, B, C = (f'{{"name": "{name}"}}' for name in "abc")


def foreseen(*builds):
    made = Foreseen()
    for told in builds:
        made.learn(told)
    return made


def test_what_all_builds_asked_alike_is_foreseen_whatever_they_were_told():
    builds = [[(A, n), (B, 0.1 * n)] for n in range(AFTER)]
    few, enough = foreseen(*builds[1:]), foreseen(*builds)
    assert few.next([]) == enough.next([]) == A
    assert few.next([(A, 7)]) == NOTHING
    assert enough.next([(A, 7)]) == B
    assert enough.next([(A, 7), (B, 0.7)]) == NOTHING


def test_where_it_depends_on_an_answer_only_what_was_told_before_is_foreseen():
    made = foreseen(*[[(A, 0), (B, n)] for n in range(AFTER)], [(A, 1), (C, 0)])
    assert made.next([(A, 0)]) == B
    assert made.next([(A, 1)]) == C
    assert made.next([(A, 2)]) == NOTHING


def test_where_builds_that_were_told_the_same_go_on_otherwise_nothing_is_foreseen():
    made = foreseen([(A, 0), (B, 0)], [(A, 0), (C, 0)])
    assert made.next([]) == A
    assert made.next([(A, 0)]) == NOTHING
    assert foreseen([(A, 0)], [(A, 0), (C, 0)]).next([(A, 0)]) == NOTHING


def test_before_anything_was_built_nothing_is_foreseen():
    assert foreseen().next([]) == NOTHING
    assert foreseen([]).next([]) == NOTHING


@pytest.mark.parametrize(
    ("one", "other"),
    [([1, 2], [1.0, 2.0]), ([0, 1], [False, True]), (["1"], [1]), ([1, 2], [2, 1])],
)
def test_questions_that_python_calls_equal_are_not_the_same(one, other):
    asked = [{"sort": "categorical", "name": "a", "choices": each} for each in (one, other)]
    assert suggestion.worded(asked[0]) != suggestion.worded(asked[1])


def test_a_question_is_the_same_whoever_asks_and_however_it_came():
    asked = {"name": "a", "choices": [8, 16], "sort": "categorical"}
    told = {"say": "suggest", "attempt": "x", "used": 2, "sort": "categorical", "name": "a"}
    assert suggestion.worded({**told, "choices": (8, 16)}) == suggestion.worded(asked)
