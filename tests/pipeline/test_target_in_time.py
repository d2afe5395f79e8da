"""How long a limited time lets the deciding schedule be."""

from __future__ import annotations

import pytest

from edgeopt.harness.budget import BUDGETS
from edgeopt.pipeline.target_in_time import final_budget, final_s
from edgeopt.pipeline.timing import Plan


def test_the_deciding_schedule_is_the_longest_there_is_time_for():
    fast = [0.2] * 3
    assert final_budget("submission", 3600.0, fast, 1.0) == "submission"
    assert final_budget("submission", 300.0, fast, 1.0) == "standard"
    assert final_budget("standard", 60.0, fast, 1.0) == "quick"
    assert final_budget("quick", 3600.0, fast, 1.0) == "quick"
    # On a machine that others use, all takes longer.
    assert final_budget("standard", 300.0, fast, 5.0) == "quick"
    assert final_s("quick", fast, 2.0) == pytest.approx(2 * final_s("quick", fast, 1.0))
    assert final_s("quick", [200.0], 1.0) > final_s("quick", [1.0], 1.0)


def test_the_shortest_deciding_schedule_goes_on_for_a_tie_as_longer_ones_do():
    plan = Plan("quick", 0, looks=BUDGETS["standard"].looks)
    assert plan.schedule.looks == BUDGETS["standard"].looks
    assert plan.schedule.rounds == BUDGETS["quick"].rounds
    assert Plan("quick", 0).schedule == BUDGETS["quick"]
