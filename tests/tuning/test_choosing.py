import pytest

from edgeopt.domain.run import Constraints
from edgeopt.tuning import choosing, limits, shown_attrs
from tests.tuning.records import TARGET, evaluation, trial

TRIALS = [
    trial(0, 0.90, 1.0),
    trial(1, 0.95, 2.0),
    trial(2, 0.945, 1.5),
    trial(3, 0.94, 1.9),
    trial(4, None, 9.0, state="outside-limits"),
]


def test_the_front_has_what_none_beats_in_score_and_latency():
    assert choosing.front(TRIALS, [TARGET], lower_is_better=False) == (0, 1, 2)
    assert choosing.front(TRIALS, [TARGET], lower_is_better=True) == (0,)
    assert choosing.front(TRIALS, [], lower_is_better=False) == (1,)


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({"max_drop": 0.01}, 2),  # the fastest near the best
        ({"max_drop": 0.1}, 0),
        ({"max_drop": 0.0}, 1),
        ({"max_latency_ms": 1.2}, 0),  # the best that keeps the limit
        ({"max_latency_ms": 1.6}, 2),
        ({"max_latency_ms": 9.0}, 1),
        ({"max_latency_ms": 0.5}, None),
        ({"max_size_bytes": 10}, None),
    ],
)
def test_the_choice_follows_the_limits(asked, number):
    found, why = choosing.chosen(TRIALS, [TARGET], Constraints(**asked), lower_is_better=False)
    assert found == number
    assert why


def test_of_two_equally_fast_the_better_score_is_taken():
    trials = [trial(0, 0.90, 1.0), trial(1, 0.905, 1.01), trial(2, 0.91, 3.0)]
    found, _ = choosing.chosen(trials, [TARGET], Constraints(max_drop=0.02), lower_is_better=False)
    assert found == 1


def test_those_that_are_not_told_apart_are_equally_fast():
    trials = [
        trial(0, 0.90, 1.0, spread=0.2),
        trial(1, 0.91, 1.1, spread=0.2),
        trial(2, 0.915, 3.0),
    ]
    allowed = Constraints(max_drop=0.02)
    found, why = choosing.chosen(trials, [TARGET], allowed, lower_is_better=False)
    assert found == 1
    assert "as fast as the fastest" in why
    sure = [trial(0, 0.90, 1.0, spread=0.01), trial(1, 0.91, 1.1, spread=0.01), trials[2]]
    found, why = choosing.chosen(sure, [TARGET], allowed, lower_is_better=False)
    assert found == 0
    assert why.startswith("the fastest of 3")


@pytest.mark.parametrize(("spread", "told"), [(0.1, True), (0.01, False), (0.0, False)])
def test_a_limit_that_is_within_the_interval_is_told(spread, told):
    trials = [trial(0, 0.90, 1.95, spread=spread)]
    limit = Constraints(max_latency_ms=2.0)
    found, why = choosing.chosen(trials, [TARGET], limit, lower_is_better=False)
    assert found == 0
    assert "1 trained network within the limits" in why
    assert ("its latency's interval reaches beyond 2.00 ms" in why) is told


@pytest.mark.parametrize(("spread", "sure"), [(0.2, []), (0.05, ["latency:this-machine"])])
def test_only_what_is_surely_beyond_is_not_trained(spread, sure):
    limit, found = Constraints(max_latency_ms=1.0), [evaluation(1.1, spread=spread)]
    assert [one.name for one in limits.surely_broken(found, limit)] == sure
    assert len(limits.broken(found, limit)) == 1


def test_a_size_has_no_interval():
    found = [evaluation(None, size=1000)]
    assert limits.surely_broken(found, Constraints(max_size_bytes=999))
    assert not limits.surely_broken(found, Constraints(max_size_bytes=1000))


def test_an_error_may_grow_by_its_share():
    trials = [trial(0, 10.0, 2.0), trial(1, 10.4, 1.0), trial(2, 11.0, 0.5)]
    found, _ = choosing.chosen(trials, [TARGET], Constraints(max_drop=0.05), lower_is_better=True)
    assert found == 1


def test_without_a_latency_the_best_score_is_taken():
    trials = [trial(0, 0.9, None), trial(1, 0.8, None)]
    found, _ = choosing.chosen(trials, [TARGET], Constraints(), lower_is_better=False)
    assert found == 0


def test_it_says_why_nothing_is_taken():
    slow = [trial(0, None, 9.0, state="outside-limits")]
    limit = Constraints(max_latency_ms=1)
    _, why = choosing.chosen(slow, [TARGET], limit, lower_is_better=False)
    assert "before they are trained" in why
    _, why = choosing.chosen([], [TARGET], limit, lower_is_better=False)
    assert "none of 0 trials" in why


def test_other_tools_are_told_plain_figures_and_how_far_a_limit_is_kept():
    beyond = trial(0, None, 2.0, state="outside-limits")
    told = dict(shown_attrs.of(beyond, (TARGET, "else"), Constraints(max_latency_ms=1.0)))
    assert told == {
        f"latency_ms:{TARGET}": 2.0, "size_bytes": 1000, f"limit:latency:{TARGET}": 1.0,
        "why": beyond.why,
    }  # fmt: skip
    told = dict(shown_attrs.of(trial(0, 0.9, 2.0), (TARGET,), Constraints()))
    assert told == {"score": 0.9, f"latency_ms:{TARGET}": 2.0, "size_bytes": 1000}
