"""Every decision on launches dealt by the bench itself, from made-up times of copies of one net."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.harness.aa_launches import COPIES, DECISIONS, ROUNDS, drawn, priced, spread

pytestmark = pytest.mark.slow
LAUNCHES, DRAWS = 16, 12


def times(ns, luck):
    """Block medians [copies, launches, rounds] of a net; each process is lucky or is not."""
    rng = np.random.default_rng(1)
    speed = rng.choice([-luck, luck], (COPIES, LAUNCHES, 1))
    return ns * np.exp(speed + 0.01 * rng.standard_normal((COPIES, LAUNCHES, ROUNDS)))


@pytest.mark.parametrize("kind", DECISIONS)
def test_luck_of_launches_is_taken_for_a_difference_by_one_launch_alone(kind):
    found = drawn(times(5e3, 0.1), DECISIONS[kind], DRAWS)
    assert found["wrong"] <= 1 / DRAWS  # 5 % of a dozen
    assert found["one_launch_alone_wrong"] >= 0.25


@pytest.mark.parametrize(("ns", "launches"), [(5e3, 3), (1e6, 1)])
def test_a_screen_of_a_large_net_is_one_launch(ns, launches):
    assert drawn(times(ns, 0.005), DECISIONS["screen"], 5)["launches"] == launches


def test_launches_and_rounds_are_told_apart():
    found = spread(times(5e3, 0.1))
    assert 0.05 < found["launch_sd"] < 0.2
    assert 0.005 < found["round_sd"] < 0.02
    assert spread(times(1e6, 0.0))["launch_sd"] < 0.01


def test_a_layer_costs_nothing_over_itself():
    rng = np.random.default_rng(0)
    profiles = [
        [[[("Conv", 5e3 * speed)] * 2] * 3 for speed in rng.choice([0.9, 1.1], 2)] for _ in range(9)
    ]
    assert priced(profiles, 2, DRAWS)["wrong"] == 0
    assert priced(profiles, 3, DRAWS) is None  # no price where the operators are not the graph's
