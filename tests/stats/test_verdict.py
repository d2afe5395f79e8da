"""The verdict, on durations made by a machine that is noisy, drifts and throttles."""

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.domain.latency import Verdict
from edgeopt.stats.verdict import compare, corrected, verdict

OPPOSITE = {
    "FASTER": "SLOWER",
    "SLOWER": "FASTER",
    "EQUIVALENT": "EQUIVALENT",
    "INCONCLUSIVE": "INCONCLUSIVE",
}
LAUNCHES, ROUNDS, BLOCK = 5, 20, 20


def measure(ratio=1.0, *, seed=0, slowdown=None, spread=0.05, launches=LAUNCHES):
    """Interleaved blocks (ns) of a candidate `ratio` times as fast as 1 ms, and of the 1 ms.

    slowdown: a factor for each call of the whole measurement, in the order they are made.
    """
    rng = np.random.default_rng(seed)
    t = rng.lognormal(math.log(1e6), spread, (launches, ROUNDS, 2, BLOCK))
    if slowdown is not None:
        t *= slowdown(np.linspace(0.0, 1.0, t.size)).reshape(t.shape)
    coin = rng.integers(2, size=(launches, ROUNDS // 2))
    first = np.stack([coin, 1 - coin], axis=2).reshape(launches, ROUNDS)  # ABBA or BAAB
    launch, turn = np.indices(first.shape)
    return t[launch, turn, first] / ratio, t[launch, turn, 1 - first]


def judge(*arguments, margin=0.02, **options) -> Verdict:
    candidate, over = measure(*arguments, **options)
    return verdict(candidate, over, "base", margin)


# --- the words


@pytest.mark.parametrize(
    ("ratio", "word"),
    [
        (1.0, "EQUIVALENT"),
        (1.01, "EQUIVALENT"),
        (1 / 1.01, "EQUIVALENT"),
        (1.05, "FASTER"),
        (1 / 1.05, "SLOWER"),
        (3.0, "FASTER"),
    ],
)
def test_the_word_and_the_ratio(ratio, word):
    found = judge(ratio)
    assert found.word == word
    assert found.ratio == pytest.approx(ratio, rel=0.01)
    assert found.low <= found.ratio <= found.high


def test_the_verdict_says_what_it_rests_on():
    found = judge(1.3, margin=0.03)
    assert (found.over, found.pairs, found.launches, found.margin) == ("base", 100, 5, 0.03)


def test_noise_that_hides_the_difference_is_inconclusive():
    assert judge(1.01, spread=0.8).word == "INCONCLUSIVE"


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.001, 0.015, "EQUIVALENT"),  # there is a difference, and it is too small to matter
        (0.001, 0.030, "FASTER"),
        (-0.001, 0.030, "INCONCLUSIVE"),
        (-0.030, -0.001, "SLOWER"),
        (-0.030, 0.030, "INCONCLUSIVE"),
        (0.021, 0.030, "FASTER"),
    ],
)
def test_the_rule(low, high, word):
    pairs = [[low, high] * 3]  # of six pairs the interval is the range
    found, _, *bounds = compare(pairs, margin=0.02)
    assert (found, *np.log(bounds)) == pytest.approx((word, low, high))


def test_a_difference_below_the_noise_of_a_thing_against_itself_is_none():
    pairs = [np.linspace(0.02, 0.06, 40)]
    assert compare(pairs)[0] == "FASTER"
    assert compare(pairs, noise=0.03)[0] == "FASTER"
    assert compare(pairs, noise=0.045)[0] == "INCONCLUSIVE"
    assert compare(pairs, noise=0.100)[0] == "INCONCLUSIVE"


def test_where_the_noise_is_above_the_margin_nothing_is_equivalent():
    pairs = [np.linspace(-0.005, 0.005, 40)]
    assert compare(pairs, noise=0.019)[0] == "EQUIVALENT"
    assert compare(pairs, noise=0.021)[0] == "INCONCLUSIVE"


def test_a_verdict_tells_its_noise():
    candidate, over = measure(1.03)
    found = verdict(candidate, over, "base", noise=0.05)
    assert (found.word, found.margin, found.noise) == ("INCONCLUSIVE", 0.02, 0.05)


# --- too little


@pytest.mark.parametrize("pairs", range(1, 6))
def test_below_six_pairs_everything_is_inconclusive(pairs):
    word, ratio, *bounds = compare([[math.log(2)] * pairs], level=0.5)
    assert (word, ratio) == ("INCONCLUSIVE", pytest.approx(2.0))
    assert bounds == [None, None]


def test_six_pairs_may_be_enough():
    assert compare([[math.log(2)] * 3, [math.log(2)] * 3])[0] == "FASTER"


def test_a_verdict_without_an_interval_still_fits_in_json():
    candidate, over = measure(2.0, launches=1)
    found = verdict(candidate[:, :3], over[:, :3], "base")
    assert (found.pairs, found.low, found.high) == (3, None, None)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Verdict) == found


# --- corrections


def test_more_looks_and_more_candidates_never_narrow_the_interval():
    pairs = [np.random.default_rng(1).normal(0.03, 0.05, 40)]
    widths = [
        high - low
        for _, _, low, high in (
            compare(pairs),
            compare(pairs, looks=3),
            compare(pairs, looks=3, candidates=10),
        )
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


def test_a_corrected_level_needs_more_pairs():
    six = [[0.1] * 6]
    assert compare(six)[0] == "FASTER"
    assert compare(six, looks=3)[0] == "INCONCLUSIVE"


def test_the_chances_of_error_add_up_to_the_level():
    assert corrected(0.95, looks=3, candidates=5) == pytest.approx(1 - 0.05 / 15)


@pytest.mark.parametrize(
    "options",
    [
        {"margin": 0.0},
        {"noise": -0.1},
        {"looks": 0},
        {"looks": 4},
        {"candidates": 0},
        {"level": 95},
    ],
)
def test_arguments_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=r"must (hold|lie|be)"):
        compare([[0.1] * 10], **options)


def test_arms_with_different_launches_are_refused():
    candidate, over = measure()
    with pytest.raises(ValueError, match="the same launches, got 5 and 4"):
        verdict(candidate, over[:4], "base")


# --- invariances

pair_sets = st.lists(
    st.lists(st.floats(-0.2, 0.2), min_size=6, max_size=12), min_size=1, max_size=3
)


@given(pair_sets)
def test_swapping_the_arms_turns_the_verdict_round(pairs):
    word, ratio, low, high = compare(pairs)
    swapped = compare([[-x for x in launch] for launch in pairs])
    assert swapped[1:] == pytest.approx((1 / ratio, 1 / high, 1 / low))
    log_bounds = np.log([low, high])
    edges = [0.0, math.log(1.02), -math.log(1.02)]
    if np.abs(np.subtract.outer(log_bounds, edges)).min() > 1e-9:
        assert swapped[0] == OPPOSITE[word]


def test_the_unit_does_not_matter():
    candidate, over = measure(1.04, spread=0.3)
    in_ns, in_ms = verdict(candidate, over, "base"), verdict(candidate / 1e6, over / 1e6, "base")
    assert in_ns.word == in_ms.word
    assert in_ns.ratio == pytest.approx(in_ms.ratio)


def test_the_same_samples_give_the_same_verdict():
    assert judge(1.02, spread=0.3) == judge(1.02, spread=0.3)


# --- what a machine does


def test_an_outlier_storm_does_not_move_the_verdict():
    candidate, over = measure(1.05)
    rng = np.random.default_rng(2)
    storm = np.where(rng.random(candidate.shape) < 0.01, 50.0, 1.0)
    calm, hit = verdict(candidate, over, "base"), verdict(candidate * storm, over, "base")
    assert calm.word == hit.word == "FASTER"
    assert hit.ratio == pytest.approx(calm.ratio, rel=0.003)


DRIFTS = {
    "slower all along": lambda x: 1 + x,
    "throttled half way": lambda x: np.where(x < 0.45, 1.0, 1.6),
    "a background job comes and goes": lambda x: 1 + 0.5 * (np.sin(40 * x) > 0.3),
}


@pytest.mark.parametrize("slowdown", DRIFTS.values(), ids=DRIFTS)
@pytest.mark.parametrize(("ratio", "word"), [(1.0, "EQUIVALENT"), (1.05, "FASTER")])
def test_what_happens_to_both_arms_cancels(slowdown, ratio, word):
    found = judge(ratio, slowdown=slowdown)
    assert found.word == word
    assert found.ratio == pytest.approx(ratio, rel=0.01)


@pytest.mark.slow
def test_a_difference_at_the_margin_is_found_and_none_is_not_invented():
    words = {
        ratio: [judge(ratio, seed=seed, spread=0.1).word for seed in range(60)]
        for ratio in (1.0, 1.02)
    }
    assert words[1.02].count("FASTER") >= 0.7 * 60
    assert words[1.0].count("FASTER") + words[1.0].count("SLOWER") <= 0.05 * 60


def test_a_larger_effect_never_looks_smaller():
    assert np.all(np.diff([judge(r).ratio for r in (0.9, 1.0, 1.02, 1.1, 2.0)]) > 0)
