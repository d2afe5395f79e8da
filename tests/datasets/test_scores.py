from dataclasses import replace

import numpy as np
import pytest

from edgeopt.datasets.metrics import metric
from edgeopt.datasets.scores import drop, score, smallest_resolvable, too_few
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.stats.bootstrap import of_few, paired_bootstrap
from edgeopt.stats.proportion import paired_difference, wilson

N = 120
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 8, N)
SOURCE = (2 * np.eye(8)[LABELS] + RNG.normal(size=(N, 8)))[:, None].astype(np.float32)
CANDIDATE = SOURCE + 0.3 * RNG.normal(size=SOURCE.shape).astype(np.float32)
GROUPS = np.arange(N) // 8
VALUES = RNG.normal(size=N)

COUNTING = ["accuracy", "top5", "f1", "roc-auc", "exact-match", "agreement"]
OTHERS = ["mae", "mse", "pearson", "spearman"]


def case(name):
    """(metric with few resamples, candidate's outputs, source's outputs, labels)."""
    if name in OTHERS:
        source = VALUES + 0.2 * RNG.normal(size=N)
        outputs, labels = source + 0.1 * RNG.normal(size=N), VALUES
        source, outputs = source[:, None], outputs[:, None]
    else:
        source, outputs, labels = SOURCE, CANDIDATE, LABELS
    return replace(metric(name, labels, source), resamples=100), outputs, source, labels


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "groups"),
    [(name, None) for name in COUNTING + OTHERS]
    + [(name, GROUPS) for name in ("accuracy", "f1", "mae", "agreement")],
)
def test_intervals_hold_their_value(name, groups):
    judge, outputs, source, labels = case(name)
    scored = score(judge, outputs, judge.truths(labels, source), groups, "choose")
    assert scored.low < scored.value < scored.high
    assert scored.value == judge.value(outputs, judge.truths(labels, source))
    assert (scored.metric, scored.n, scored.part) == (name, N, "choose")
    assert scored.groups == (None if groups is None else 15)
    dropped = drop(judge, outputs, source, labels, groups, 0.01)
    assert dropped.low <= dropped.value <= dropped.high
    assert dropped.low < dropped.high
    assert dropped.n == N


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTING)
def test_a_copy_of_the_source_drops_nothing_yet_is_not_certain(name):
    judge, _, source, labels = case(name)
    dropped = drop(judge, source.copy(), source, labels, None, 0.01)
    assert dropped.value == 0
    assert 0.01 < dropped.high < 0.05
    assert not dropped.resolved


@pytest.mark.parametrize("name", OTHERS)
def test_a_copy_of_the_source_in_values(name):
    judge, _, source, labels = case(name)
    dropped = drop(judge, source.copy(), source, labels, None, 0.01)
    assert (dropped.value, dropped.low, dropped.high) == (0, 0, 0)
    assert dropped.resolved


def test_a_proportion_by_hand():
    judge, outputs, source, labels = case("accuracy")
    right, still = (x[:, 0].argmax(1) == LABELS for x in (source, outputs))
    scored = score(judge, outputs, labels, None, "confirm")
    assert (scored.low, scored.high) == wilson(int(still.sum()), N)
    assert scored.interval == "Wilson"
    dropped = drop(judge, outputs, source, labels, None, 0.01)
    lost, won = int((right & ~still).sum()), int((still & ~right).sum())
    assert lost > 0
    assert (dropped.low, dropped.high) == paired_difference(N, lost, won)
    assert dropped.value == (lost - won) / N
    assert dropped.interval == "Bonett-Price"
    assert dropped.relative is None


def test_a_drop_of_exactly_the_limit_is_the_limit():
    labels = np.zeros(500, int)
    source = np.tile([1.0, 0.0], (500, 1))
    source[:25] = [0.0, 1.0]
    outputs = source.copy()
    outputs[25:30] = [0.0, 1.0]
    assert (
        drop(metric("accuracy", labels, source), outputs, source, labels, None, 0.01).value == 0.01
    )
    agreement = metric("agreement", None, source)
    assert drop(agreement, outputs, source, None, None, 0.01).value == 0.01


def test_groups_widen():
    """Whole groups change sides, so that the samples of a group tell the same thing."""
    labels = np.zeros(N, int)
    source = np.tile([1.0, 0.0], (N, 1))
    outputs = np.where((GROUPS % 5 == 0)[:, None], [0.0, 1.0], source)
    judge = metric("accuracy", labels, source)
    alone = drop(judge, outputs, source, labels, None, 0.01)
    grouped = drop(judge, outputs, source, labels, GROUPS, 0.01)
    assert grouped.low < alone.low
    assert grouped.high > alone.high
    assert grouped.interval == "wider of Bonett-Price and bootstrap of groups"
    wider = score(judge, outputs, labels, GROUPS, "choose")
    narrow = score(judge, outputs, labels, None, "choose")
    assert wider.low < narrow.low
    assert wider.high > narrow.high


def test_agreement_drops_by_what_is_missing_to_one():
    judge, outputs, source, _ = case("agreement")
    scored = score(judge, outputs, source, None, "choose")
    dropped = drop(judge, outputs, source, None, None, 0.01)
    assert dropped.value == pytest.approx(1 - scored.value)
    assert dropped.low == pytest.approx(1 - scored.high)
    assert dropped.high == pytest.approx(1 - scored.low)
    assert dropped.interval == scored.interval == "Wilson"


def test_agreement_by_r2():
    source = RNG.normal(size=(N, 4, 5))
    outputs = source + 0.1 * RNG.normal(size=source.shape)
    judge = metric("agreement", None, source)
    dropped = drop(judge, outputs, source, None, None, 0.05)
    assert 0 < dropped.low < dropped.value < dropped.high < 0.05
    assert dropped.value == pytest.approx(1 - judge.value(outputs, source))
    assert dropped.resolved


def test_errors_drop_relatively():
    source = np.ones((N, 1)) * RNG.normal(1, 0.01, (N, 1))
    labels = np.zeros(N)
    judge = metric("mae", labels, source)
    dropped = drop(judge, 1.1 * source, source, labels, None, 0.05)
    assert dropped.value == pytest.approx(0.1, abs=0.01)
    assert dropped.relative == pytest.approx(0.1)
    assert dropped.judged == dropped.relative
    assert dropped.resolved
    assert drop(judge, 0.9 * source, source, labels, None, 0.05).relative == pytest.approx(-0.1)
    noisy = source * RNG.normal(1.05, 0.5, (N, 1))
    assert not drop(judge, noisy, source, labels, None, 0.05).resolved


def test_errors_over_a_source_without_any():
    labels = VALUES
    judge = metric("mse", labels, VALUES[:, None])
    dropped = drop(judge, VALUES[:, None] + 0.5, VALUES[:, None], labels, None, 0.01)
    assert dropped.relative is None
    assert dropped.value == pytest.approx(0.25)
    assert dropped.resolved


def test_a_bootstrap_by_hand():
    judge, outputs, source, labels = case("pearson")
    dropped = drop(judge, outputs, source, labels, None, 0.01)

    def lost(i):
        before, after = (np.corrcoef(x[i, 0], labels[i])[0, 1] for x in (source, outputs))
        return before - after

    low, high = paired_bootstrap(lost, N, resamples=judge.resamples)
    value, few = lost(np.arange(N)), of_few(N)  # as of slices: percentiles of few are too narrow
    assert few > 1
    assert dropped.low == pytest.approx(value - few * (value - low))
    assert dropped.high == pytest.approx(value + few * (high - value))
    assert dropped.interval == "bootstrap"
    assert drop(judge, outputs, source, labels, None, 0.01) == dropped


def test_a_perfect_f1_is_not_certain():
    labels = np.arange(20) % 2
    outputs = np.eye(2)[labels]
    scored = score(metric("f1", labels, outputs), outputs, labels, None, "confirm")
    assert scored.value == scored.high == 1
    assert scored.low == pytest.approx(wilson(20, 20)[0])


@pytest.mark.parametrize("name", ["accuracy", "mae"])
def test_one_group_resolves_nothing(name):
    judge, outputs, source, labels = case(name)
    dropped = drop(judge, outputs, source, labels, np.zeros(N, int), 0.9)
    assert not dropped.resolved
    assert "bootstrap of groups (of one, without width)" in dropped.interval


def test_one_sample_resolves_nothing():
    labels = np.array([1.0])
    judge = metric("mae", labels, labels + 1)
    dropped = drop(judge, labels + 2, labels + 1, labels, None, 0.01)
    assert not dropped.resolved
    assert dropped.value == dropped.low == dropped.high == 1


def test_answers_that_are_nan_end_the_candidate():
    judge, outputs, source, labels = case("accuracy")
    outputs = outputs.copy()
    outputs[3:5, 0, 0] = np.nan
    for judged in (
        lambda: score(judge, outputs, labels, None, "choose"),
        lambda: drop(judge, outputs, source, labels, None, 0.01),
    ):
        with pytest.raises(StepFailed, match="it answers NaN for 2 of 120 samples") as caught:
            judged()
        assert caught.value.status == "failed-parity"


def test_a_value_that_is_not_finite_ends_the_candidate():
    judge, outputs, source, labels = case("mae")
    with pytest.raises(StepFailed, match="the mae of its answers is inf"):
        drop(judge, outputs * np.inf, source, labels, None, 0.01)


def test_no_interval_where_resamples_are_undefined():
    """The values stand, and the reason why nothing says how far off they may be."""
    judge, outputs, source, labels = case("pearson")

    def picky(found, truths):
        return 1.0 if len(set(truths)) == N else float("nan")

    judge = replace(judge, combine=picky)
    scored = score(judge, outputs, labels, None, "choose")
    assert (scored.low, scored.high, scored.interval) == (None, None, "")
    assert scored.why_null.startswith("the statistic is defined in 0 of 100 resamples only")
    dropped = drop(judge, outputs, source, labels, None, 0.9)
    assert (dropped.low, dropped.high, dropped.resolved) == (None, None, False)
    assert dropped.why_null == scored.why_null


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "max_drop"),
    [(name, limit) for name in ("accuracy", "agreement") for limit in (0.005, 0.01, 0.04, 0.3)]
    + [("f1", 0.04)],
)
def test_smallest_resolvable_is_the_smallest(name, max_drop):
    judge = case(name)[0]
    needed = smallest_resolvable(judge, max_drop)

    def resolved(n):
        labels = np.arange(n) % 2
        source = np.eye(2)[labels]
        own = metric(name, labels, source)
        return drop(own, source, source, labels, None, max_drop).resolved

    assert resolved(needed)
    assert not resolved(needed - 1)


def test_smallest_resolvable_elsewhere():
    assert smallest_resolvable(case("accuracy")[0], 0.01) == 276
    assert smallest_resolvable(case("accuracy")[0], 0) is None
    assert smallest_resolvable(case("mae")[0], 0.01) == 30


def test_too_few_says_how_many_are_needed():
    judge = case("accuracy")[0]
    (warning,) = too_few(judge, 120, None, 0.01)
    assert str(warning) == (
        "120 samples cannot resolve a drop of 1 point. "
        "At least 276 samples are needed, or a larger --max-drop."
    )
    assert too_few(judge, 276, None, 0.01) == ()
    (never,) = too_few(judge, 276, None, 0)
    assert never.text == "No number of samples can show a drop below 0 points"
    count, few_groups = too_few(judge, 500, np.arange(500) % 4, 0.01)
    assert str(count) == (
        "500 samples of 4 groups cannot resolve a drop of 1 point. At least 276 groups are needed."
    )
    assert few_groups.text == "4 groups are too few to say what other groups lose"
    assert too_few(judge, 900, np.arange(900) % 300, 0.01) == ()


@pytest.mark.parametrize(
    ("name", "n", "groups", "helps"),
    [
        ("accuracy", 120, None, True),
        ("accuracy", 29, None, False),  # below 30 samples nothing is told, whatever is allowed
        ("accuracy", 500, 20, True),
        ("accuracy", 500, 19, False),
        ("mae", 20, None, False),
    ],
)
def test_a_larger_drop_is_advised_only_where_it_helps(name, n, groups, helps):
    ids = None if groups is None else np.arange(n) % groups
    warning = too_few(case(name)[0], n, ids, 0.01)[0]
    assert warning.advice.endswith("or a larger --max-drop.") == helps
    unit = "1 %" if name == "mae" else "1 point"
    assert warning.text.endswith(f"cannot resolve a drop of {unit}")


@pytest.mark.parametrize("name", ["accuracy", "agreement", "f1", "mae"])
def test_two_groups_support_no_interval_of_their_many_samples(name):
    """120 samples of two groups in which nothing is lost say nothing of a third group."""
    judge, _, source, labels = case(name)
    two = drop(judge, source.copy(), source, labels, np.arange(N) % 2, 0.1)
    assert not two.resolved
    if name != "mae":
        assert two.high > 0.5


def test_groups_enough_resolve_and_fewer_than_twenty_do_not():
    labels = VALUES
    judge = replace(metric("mae", labels, VALUES[:, None] + 1), resamples=100)
    source, own = VALUES[:, None] + 1, VALUES[:, None] + 1.0001
    assert drop(judge, own, source, labels, np.arange(N) % 20, 0.5).resolved
    few = drop(judge, own, source, labels, np.arange(N) % 19, 0.5)
    assert not few.resolved
    assert drop(judge, 2 * own, source, labels, np.arange(N) % 19, 0.01).resolved  # too much


def test_samples_that_look_alike_resolve_nothing_but_make_no_interval_wider():
    labels = np.zeros(400, int)
    source = np.tile([1.0, 0.0], (400, 1))
    judge = metric("accuracy", labels, source)
    alone = drop(judge, source.copy(), source, labels, None, 0.01)
    alike = drop(judge, source.copy(), source, labels, None, 0.01, np.arange(400) % 5)
    assert alone.resolved
    assert not alike.resolved
    assert (alike.low, alike.high) == (alone.low, alone.high)


def test_a_part_without_labels_is_refused():
    judge, outputs, source, _ = case("accuracy")
    with pytest.raises(BadInput, match="the metric accuracy needs labels, and the data has none"):
        drop(judge, outputs, source, None, None, 0.01)


@pytest.mark.parametrize("name", ["accuracy", "agreement"])
def test_intervals_of_few_groups_stay_within_what_a_share_can_be(name):
    rng = np.random.default_rng(0)
    source = rng.normal(size=(60, 4)) * 3
    labels, groups = source.argmax(axis=1), np.repeat(np.arange(3), 20)
    own = source.copy()
    own[groups == 0] = own[groups == 0][:, ::-1]  # one group of three is wrong
    judge = metric(name, labels, source)
    found = score(judge, own, judge.truths(labels, source), groups, "choose")
    lost = drop(judge, own, source, labels, groups, 0.01)
    assert 0 <= found.low < found.value < found.high <= 1
    assert -1 <= lost.low < lost.value < lost.high <= 1
    assert name == "accuracy" or lost.low >= 0


def test_a_few_samples_keep_nothing():
    rng = np.random.default_rng(0)
    source = rng.normal(size=(2, 6))
    found = metric("agreement", None, source)
    lost = drop(found, source + 1e-4, source, None, None, 0.01)
    assert lost.high < 0.01
    assert not lost.resolved


def test_a_bound_is_not_below_what_was_counted():
    rng = np.random.default_rng(1)
    for n in (60, 120):
        source = rng.normal(size=(n, 5)) * 2
        own = source + 0.3 * rng.normal(size=source.shape)
        lost = drop(metric("agreement", None, source), own, source, None, None, 0.01)
        assert lost.bound >= lost.value
