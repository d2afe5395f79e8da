"""Two levels of noise: rounds within a launch, and launches. Numbers alone, no machine."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.harness.budget import CLOSER, QUICK, SCREEN, STEP
from edgeopt.stats import launches
from edgeopt.stats.verdict import compare

US, MS = 1e3, 1e6
TRIALS = 60


def drawn(rng, budget, ns, luck, effect=0.0, round_sd=0.02):
    """Log-ratios [launches, rounds] of two things whose processes each have luck of their own."""
    count = budget.looks[-1]
    own = luck(rng, count, launches.launch_sd(ns)) - luck(rng, count, launches.launch_sd(ns))
    rounds = round_sd * rng.standard_t(4, (count, budget.rounds))
    return math.log1p(effect) + own[:, None] + rounds


def ended(pairs, budget, ns):
    """The word at the look at which the schedule ends, as `harness.verdicts` asks for it."""
    for count in budget.looks:
        word, _, _, high = compare(
            list(pairs[:count]), looks=len(budget.looks), candidates=3,
            launch_sd=launches.ratio_sd(ns, ns),
        )  # fmt: skip
        if word != "INCONCLUSIVE" or (high is not None and high <= 1.02):
            break
    return word


def normal(rng, count, sd):
    return rng.normal(0.0, sd, count)


def uneven(rng, count, sd):
    """Nets of one latency differ in how much their launches do."""
    return rng.normal(0.0, sd / math.sqrt(rng.chisquare(4) / 4), count)


def two_speeds(rng, count, sd):
    """4.5 or 5.5 us, by the chance of a launch."""
    return rng.choice([-sd, sd], count)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("budget", "ns", "luck"),
    [(STEP, 5 * US, two_speeds), (CLOSER, 20 * US, uneven), (QUICK, 1 * MS, normal)],
)
def test_luck_of_launches_is_no_difference(budget, ns, luck):
    rng = np.random.default_rng(0)
    words = Counter(ended(drawn(rng, budget, ns, luck), budget, ns) for _ in range(TRIALS))
    assert words["FASTER"] + words["SLOWER"] <= 0.05 * TRIALS, words


def test_what_rounds_alone_say_of_such_luck_is_wrong():
    """The same draws without a prior, from one launch: what a screen used to tell."""
    rng = np.random.default_rng(0)
    found = [drawn(rng, STEP, 5 * US, two_speeds)[:1] for _ in range(60)]
    wide = [np.tile(pairs, 3) for pairs in found]  # 12 rounds of that launch
    words = Counter(compare(list(pairs))[0] for pairs in wide)
    assert words["FASTER"] + words["SLOWER"] > 20
    sd = launches.ratio_sd(5 * US, 5 * US)
    assert {compare(list(pairs), launch_sd=sd)[0] for pairs in wide} == {"INCONCLUSIVE"}


@pytest.mark.slow
@pytest.mark.parametrize(("ns", "effect"), [(100 * US, 0.05), (5 * MS, 0.05), (20 * US, 0.1)])
def test_a_real_difference_is_found_with_enough_launches(ns, effect):
    rng = np.random.default_rng(1)
    words = [ended(drawn(rng, STEP, ns, normal, effect), STEP, ns) for _ in range(10)]
    assert words.count("FASTER") >= 9


def test_many_launches_find_5_percent_of_a_net_of_5_us_too():
    rng = np.random.default_rng(2)
    sd = launches.ratio_sd(5 * US, 5 * US)
    pairs = math.log(1.05) + rng.normal(0.0, sd, (200, 1)) + rng.normal(0.0, 0.02, (200, 4))
    words = [compare(list(pairs[:n]), launch_sd=sd)[0] for n in (4, 200)]
    assert words == ["INCONCLUSIVE", "FASTER"]


@pytest.mark.parametrize(("ratio", "ns", "word"), [
    (1.2, 5 * US, "INCONCLUSIVE"),
    (4.0, 5 * US, "FASTER"),
    (1.1, 5 * MS, "FASTER"),
    (0.5, 1 * MS, "SLOWER"),
    (1.0, 5 * MS, "INCONCLUSIVE"),  # nor are two the same by one launch
])  # fmt: skip
def test_one_launch_tells_what_no_launch_could_do(ratio, ns, word):
    pairs = math.log(ratio) + np.linspace(-0.002, 0.002, 12)
    assert compare([pairs], launch_sd=launches.ratio_sd(ns, ns))[0] == word


def test_a_screen_of_small_nets_is_launched_again_and_of_large_ones_is_not():
    small, large = [5 * US, 1 * MS], [1 * MS, 20 * MS]
    assert SCREEN.repeats(small)
    assert not SCREEN.repeats(large)
    assert (SCREEN.rounds_for(small), SCREEN.rounds_for(large)) == (11, 11)
    assert SCREEN.rounds_for(small, launch=1) == 4
    assert QUICK.repeats(large)
    assert SCREEN.repeats([1e-3 * launches.LAUNCH_NS])


@given(st.floats(10, 1e10))
def test_the_smaller_a_net_the_more_its_launches_differ(ns):
    assert launches.launch_sd(ns) >= launches.launch_sd(2 * ns) >= launches.LAUNCH_SHARE


rounds = st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=6)


@given(st.lists(rounds, min_size=1, max_size=5), st.floats(0, 0.3))
def test_the_interval_is_around_the_launches_and_mirrors(pairs, sd):
    low, high = launches.interval(pairs, 0.95, sd)
    middle = np.mean([np.median(launch) for launch in pairs])
    assert low <= middle + 1e-12
    assert middle - 1e-12 <= high
    mirrored = launches.interval([[-x for x in launch] for launch in pairs], 0.95, sd)
    assert mirrored == pytest.approx((-high, -low))


def test_more_launches_or_a_smaller_prior_narrow_it():
    def width(count, sd):
        low, high = launches.interval([[0.0, 0.001]] * count, 0.95, sd)
        return high - low

    assert width(1, 0.1) > 2 * width(3, 0.1) > 2 * width(12, 0.1) > width(12, 0.01)


def test_what_the_launches_do_outweighs_the_prior():
    apart = [[x] for x in (-0.3, 0.3, -0.3, 0.3, -0.3, 0.3)]
    low, high = launches.interval(apart, 0.95, 0.01)
    assert high - low > 0.4


@pytest.mark.parametrize(
    ("pairs", "level", "sd", "message"),
    [
        ([], 0.95, 0.1, "one launch at least"),
        ([[]], 0.95, 0.1, "one or more numbers"),
        ([[0.1]], 95, 0.1, "level"),
        ([[0.1]], 0.95, -0.1, "prior_sd"),
    ],
)
def test_what_is_no_launch_is_refused(pairs, level, sd, message):
    with pytest.raises(ValueError, match=message):
        launches.interval(pairs, level, sd)


def test_a_latency_of_nothing_is_refused():
    with pytest.raises(ValueError, match="above 0 ns"):
        launches.launch_sd(0.0)


@given(st.integers(1, 16), st.floats(0.8, 0.999), st.floats(0.001, 0.5))
def test_launches_that_agree_are_the_least_that_an_interval_can_be(count, level, prior_sd):
    low, high = launches.interval([[0.1] * 4] * count, level, prior_sd)
    assert launches.least_half(count, level, prior_sd) == pytest.approx((high - low) / 2)
    low, high = launches.interval([[0.1 + 0.01 * n] * 4 for n in range(count)], level, prior_sd)
    assert (high - low) / 2 >= launches.least_half(count, level, prior_sd) * (1 - 1e-9)
