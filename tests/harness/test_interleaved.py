"""How far a schedule is, as its progress tells it."""

from types import SimpleNamespace

from edgeopt.harness.interleaved import _Schedule


def test_no_more_is_done_than_there_is_where_launches_differ_in_their_rounds():
    """A screen's first launch has 11 rounds, the next ones 4."""
    told = []
    plan = _Schedule(
        setting=None,
        budget=SimpleNamespace(looks=(1, 3)),
        measurement=SimpleNamespace(looks=0),
        progress=lambda what, done, total: told.append((what, done, total)),
        rounds=11,
    )
    for number, rounds in enumerate((11, 4, 4)):
        plan.begin(number)
        plan.rounds = rounds
        for _ in range(rounds + 1):
            plan.step("a round")
        plan.measurement.looks = 1
    assert told[0] == ("launch 1: starting", 0, 12)
    assert told[-1][1:] == (22, 22)
    assert len(told) == 3 + 12 + 5 + 5
    assert all(done <= total for _, done, total in told)
