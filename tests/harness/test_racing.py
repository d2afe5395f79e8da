"""What is clearly slower is in the first launch only; what luck may explain stays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgeopt.harness import racing
from edgeopt.harness.budget import SCREEN, SETTLING
from edgeopt.harness.interleaved import measure
from edgeopt.harness.verdicts import compare
from tests.harness.standin import Script

SCREEN = replace(SCREEN, rounds=2, warmup_s=0.0, block_s=0.0)


@pytest.fixture
def launches(device, log):
    """Measures scripts with a pace: key -> launches that it was in, and the schedule."""

    def run(scripts, pace, budget=SCREEN, baseline=None):
        subjects = [device.subject(key, Script(script)) for key, script in scripts.items()]
        session = measure(
            device, subjects, device.feed(), budget, log, 20, 3, baseline=baseline, pace=pace
        )
        return {key: len(one.launches) for key, one in session.timed.items()}, session

    return run


@pytest.mark.slow
def test_slower_ones_leave_after_the_first_launch(launches):
    found, session = launches({"a": "10e3", "b": "11e3", "slow": "90e3", "fast": "4e3"}, ["a"])
    assert found == {"a": 3, "b": 3, "slow": 1, "fast": 3}
    assert compare(session, "slow", "a").word == "SLOWER"
    assert compare(session, "fast", "a").pairs > compare(session, "slow", "a").pairs


@pytest.mark.slow
@pytest.mark.parametrize(("scripts", "pace"), [
    ({"a": "10e3", "slow": "90e3"}, []),  # nobody sets the pace
    ({"a": "10e3", "slow": "90e3"}, ["slow"]),  # the slowest does
    ({"a": "1e3", "b": "1.7e3"}, ["a"]),  # a microsecond's luck is 0.5 us
    ({"a": "10e3", "slow": "90e3"}, ["gone"]),
])  # fmt: skip
def test_who_stays(launches, scripts, pace):
    found, _ = launches(scripts, pace)
    assert set(found.values()) == {3}


@pytest.mark.slow
def test_the_baseline_and_its_twin_stay(launches):
    found, session = launches({"base": "90e3", "a": "10e3"}, ["a"], baseline="base")
    assert set(found.values()) == {3}
    assert racing.left_behind(session, ["a"]) == set()


def test_no_budget_but_the_screen_lets_anything_leave(launches):
    found, _ = launches({"a": "10e3", "slow": "90e3"}, ["a"], replace(SCREEN, leave_at=0.0))
    assert set(found.values()) == {3}


@pytest.mark.slow
def test_what_is_far_behind_has_as_many_blocks_and_shorter_ones(launches):
    scripts = {"a": "1e6", "b": "1.1e6", "slow": "9e6", "fast": "0.5e6"}
    budget = replace(SCREEN, rounds_alone=11)
    _, session = launches(scripts, ["a"], budget)
    sizes = {
        key: [len(block.steady_ns) for block in one.launches[0].blocks]
        for key, one in session.timed.items()
    }
    whole = [budget.block_runs] * 11
    assert (sizes["a"], sizes["b"], sizes["fast"]) == (whole, whole, whole)
    assert sizes["slow"] == [budget.block_runs] * 2 + [budget.behind_runs] * 9
    verdict = compare(session, "slow", "a")
    assert (verdict.word, verdict.pairs) == ("SLOWER", 11)


def test_blocks_are_whole_where_nobody_sets_the_pace(launches):
    _, session = launches({"a": "1e6", "slow": "9e6"}, [], replace(SCREEN, rounds_alone=4))
    sizes = {len(b.steady_ns) for b in session.timed["slow"].launches[0].blocks}
    assert sizes == {SCREEN.block_runs}


def test_very_fast_nets_have_blocks_that_are_long_enough():
    assert SCREEN.block_runs > SCREEN.behind_runs
    budget = replace(SCREEN, block_s=0.01)
    assert budget.block_size(2e3, behind=True) == budget.block_size(2e3)
    assert budget.block_size(20e6, behind=True) == SETTLING + budget.behind_runs


def test_large_nets_have_one_launch_as_before(launches):
    found, _ = launches({"a": "1e6", "slow": "9e6"}, ["a"])
    assert set(found.values()) == {1}
