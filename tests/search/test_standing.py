"""Which of several models are worth shipping."""

import pytest

from edgeopt.search.standing import Entrant, standings


def stand(qualities, words):
    """Words: (one, over) -> word; the other way round follows."""
    turned = {"FASTER": "SLOWER", "SLOWER": "FASTER"}
    both = words | {(b, a): turned.get(word, word) for (a, b), word in words.items()}
    return standings([Entrant(one) for one in qualities], lambda a, b: both.get((a, b)))


@pytest.mark.parametrize(
    ("qualities", "word", "states"),
    [
        ((0.9, 0.8), "SLOWER", ["worth it", "worth it"]),
        ((0.9, 0.8), "FASTER", ["worth it", "beaten"]),
        ((0.9, 0.9), "FASTER", ["worth it", "beaten"]),
        ((0.9, 0.8), "EQUIVALENT", ["worth it", "beaten"]),
        ((0.9, 0.9), "EQUIVALENT", ["worth it", "worth it"]),
        ((0.9, 0.8), "INCONCLUSIVE", ["worth it", "worth it"]),
        ((-2.0, -1.0), "SLOWER", ["beaten", "worth it"]),
        ((None, 0.8), "FASTER", ["not told", "not told"]),
        ((0.9, 0.8), None, ["not told", "not told"]),
    ],
)
def test_one_beats_another_that_is_no_better_and_slower(qualities, word, states):
    found = stand(qualities, {(0, 1): word} if word else {})
    assert [state for state, _ in found] == states


def test_it_says_by_whom():
    words = {(0, 1): "FASTER", (0, 2): "FASTER", (1, 2): "FASTER"}
    assert [by for _, by in stand((0.9, 0.8, 0.7), words)] == [(), (0,), (0, 1)]


def test_one_that_was_not_timed_leaves_the_others_untold_but_where_they_are_beaten():
    found = stand((0.9, 0.8, 0.7), {(0, 1): "FASTER"})
    assert [state for state, _ in found] == ["not told", "beaten", "not told"]
