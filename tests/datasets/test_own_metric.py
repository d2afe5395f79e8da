"""A function of the user's own as a metric: its shapes, its values, its intervals."""

import importlib
import itertools
import sys
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from edgeopt.datasets import own_metric
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.scores import drop, score, smallest_resolvable
from edgeopt.domain.errors import BadInput

CODE = """
import itertools
import numpy as np
calls = itertools.count()
seen = []
def accuracy(outputs, labels):
    return (outputs.argmax(-1) == labels).mean()
def shapes(outputs, labels):
    seen.append((outputs.shape, labels.shape))
    return outputs.mean()
def recall_at_1(outputs, labels):
    outputs = outputs / np.linalg.norm(outputs, axis=1, keepdims=True)
    near = outputs @ outputs.T
    np.fill_diagonal(near, -np.inf)
    return (labels[near.argmax(1)] == labels).mean()
def median_error(outputs, labels):
    return np.median(np.abs(outputs[:, 0] - labels))
median_error.lower_is_better = True
def error_rate(outputs, labels):
    return (outputs.argmax(-1) != labels).mean()
error_rate.lower_is_better = True
def broadcasts(outputs, labels):
    return (outputs[:, None].argmax(-1) == labels).mean()
def constant(outputs, labels):
    return 0.75
def drifts(outputs, labels):
    return 0.5 + next(calls) / 1000
def spoils(outputs, labels):
    outputs -= outputs.max()
    labels[:] = 0
    return float(outputs.min())
def needs_both(outputs, labels):
    if len(set(labels.tolist())) < 5:
        raise ValueError("only one class")
    return (outputs.argmax(-1) == labels).mean()
def once(outputs, labels):
    return (outputs.argmax(-1) == labels).mean()
once.resampling = "none"
def repeated(outputs, labels):
    return 1 - np.abs(outputs - np.eye(outputs.shape[1])[labels]).mean()
repeated.resampling = "bootstrap"
def odd(outputs, labels):
    return 1.0
odd.resampling = "sometimes"
def one_in_an_array(outputs, labels):
    return np.array([0.5])
def text(outputs, labels):
    return "0.5"
def nothing(outputs, labels):
    return None
def complex_number(outputs, labels):
    return 1j
def gap(outputs, labels):
    return float("nan")
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "own_of_test.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    yield "own_of_test"
    sys.modules.pop("own_of_test", None)


RNG = np.random.default_rng(0)
N = 90
LABELS = RNG.integers(0, 5, N)
SCORES = (3 * np.eye(5)[LABELS] + RNG.normal(size=(N, 5))).astype(np.float32)
WORSE = SCORES + 0.7 * RNG.normal(size=SCORES.shape).astype(np.float32)


@pytest.mark.parametrize(
    ("output", "axis", "given"),
    [
        ((1, 5), 0, (N, 5)),
        ((5,), None, (N, 5)),
        ((1, 1, 5), 0, (N, 1, 5)),
        ((3, 1, 5), 1, (N, 3, 5)),
        ((1, 5), None, (N, 1, 5)),
        ((1, 2, 5), 0, (N, 2, 5)),
        ((1,), 0, (N,)),
        ((1, 1), 0, (N, 1)),
        ((), None, (N,)),
    ],
)
def test_the_batch_axis_and_no_other_gives_way_to_the_samples(own, output, axis, given):
    outputs = np.zeros((N, *output), np.float32)
    metric(f"{own}:shapes", LABELS, outputs, axis)
    assert set(importlib.import_module(own).seen) == {(given, LABELS.shape)}


def test_what_torchs_users_write_is_right(own):
    """[n, 1, classes] made it n x n: 0.2 instead of what it is."""
    found = metric(f"{own}:accuracy", LABELS, SCORES[:, None], 0)
    right = (SCORES.argmax(1) == LABELS).mean()
    assert found.value(SCORES[:, None], LABELS) == right > 0.9
    assert found.advice == ()


def test_classes_come_in_the_sources_type(own):
    """LiteRT answers argmax in int32."""
    classes = SCORES.argmax(1).astype(np.int64)[:, None]
    found = metric(f"{own}:median_error", LABELS, classes[:, None], 0)
    seen = found.columns(classes[:, None].astype(np.int32), LABELS)[0]
    assert (seen.dtype, seen.shape) == (np.int64, (N, 1))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "one_in_an_array",
            "returned an array of shape [1] of float64 for 90 samples\n  Return one",
        ),
        ("text", "{own}:text returned str, not a number"),
        ("nothing", "{own}:nothing returned NoneType, not a number"),
        ("complex_number", "returned complex, not a number"),
        ("gap", "{own}:gap of the source model is nan"),
        ("odd", "{own}:odd.resampling is 'sometimes'\n  It is one of bootstrap, subsample, none"),
    ],
)
def test_what_is_no_value_is_told(own, name, message):
    with pytest.raises(BadInput) as caught:
        metric(f"{own}:{name}", LABELS, SCORES)
    assert message.format(own=own) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("constant", "gives 0.75 even where samples are given each other's answers"),
        ("broadcasts", "even where samples are given each other's answers. It is called with out"),
        ("drifts", "for the same answers. It is random, or keeps something from call to call"),
    ],
)
def test_a_value_that_says_little_is_warned_of(own, name, text):
    (advice,) = metric(f"{own}:{name}", LABELS, SCORES).advice
    assert text in str(advice)


def test_what_is_sound_is_not_warned_of(own):
    for name in ("accuracy", "recall_at_1", "needs_both", "median_error"):
        assert metric(f"{own}:{name}", LABELS, SCORES).advice == ()
    alike = np.zeros(N, int)  # labels that are all the same cannot be mixed up
    assert metric(f"{own}:accuracy", alike, SCORES).advice == ()


def test_a_function_that_changes_its_arguments_changes_copies(own):
    outputs, labels = SCORES.copy(), LABELS.copy()
    metric(f"{own}:spoils", labels, outputs).value(outputs, labels)
    assert (outputs == SCORES).all()
    assert (labels == LABELS).all()


def test_a_set_metric_is_not_resampled_with_repeats(own):
    """Of repeats each finds itself: the interval began above the value."""
    hard = SCORES + 2 * RNG.normal(size=SCORES.shape).astype(np.float32)
    judge = metric(f"{own}:recall_at_1", LABELS, hard)
    value = judge.value(hard, LABELS)
    halves = score(judge, hard, LABELS, None, "choose")
    assert halves.interval == "half-samples"
    assert halves.low < value - 0.05
    repeated = replace(judge, resampling="bootstrap", counting=False)
    repeats = score(repeated, hard, LABELS, None, "choose")
    assert repeats.low == value  # the interval holds its value: all resamples are above it
    judge = metric(f"{own}:recall_at_1", LABELS, SCORES)
    lost = drop(judge, WORSE, SCORES, LABELS, None, 0.01)
    assert (lost.interval, lost.resolved) == ("half-samples", lost.low > 0.01)
    assert lost.low < lost.value < lost.high
    assert msgspec.json.encode([halves, lost])  # plain numbers: they are kept


def test_groups_are_drawn_whole(own):
    judge = metric(f"{own}:recall_at_1", LABELS, SCORES)
    grouped = score(judge, SCORES, LABELS, np.arange(N) // 3, "choose")
    assert grouped.interval == "wider of half-samples and half-samples of groups"


@pytest.mark.parametrize(
    ("name", "counting"),
    [
        ("accuracy", True),
        ("recall_at_1", True),
        ("error_rate", True),
        ("median_error", False),
        ("repeated", False),
    ],
)
def test_what_counts_samples_is_found_out(own, name, counting):
    assert metric(f"{own}:{name}", LABELS, SCORES).counting == counting


@pytest.mark.parametrize("name", ["accuracy", "error_rate", "recall_at_1"])
def test_no_difference_on_few_samples_resolves_nothing(own, name):
    """Halves of answers without a difference have no width; 90 samples leave one."""
    judge = metric(f"{own}:{name}", LABELS, SCORES)
    dropped = drop(judge, SCORES.copy(), SCORES, LABELS, None, 0.01)
    assert dropped.value == 0
    assert dropped.low < -0.01 < 0.01 < dropped.high
    assert not dropped.resolved
    assert smallest_resolvable(judge, 0.01) == 276


def test_perfect_answers_leave_room_on_the_worse_side(own):
    right = np.eye(5, dtype=np.float32)[LABELS]
    found = score(metric(f"{own}:accuracy", LABELS, right), right, LABELS, None, "choose")
    assert (found.value, found.high) == (1, 1)
    assert 0.9 < found.low < 0.99
    found = score(metric(f"{own}:error_rate", LABELS, right), right, LABELS, None, "choose")
    assert (found.value, found.low) == (0, 0)
    assert 0.01 < found.high < 0.1


def test_halves_that_it_fails_on_are_left_out(own):
    labels = np.where(np.arange(N) < 2, 3 + np.arange(N), np.arange(N) % 3)
    judge = metric(f"{own}:needs_both", labels, SCORES)
    found = score(judge, SCORES, labels, None, "choose")
    told = "halves of the samples only (own_of_test:needs_both failed: ValueError: only one class)"
    assert found.low is None
    assert told in found.why_null


def test_a_function_may_say_how_it_is_resampled(own):
    once = metric(f"{own}:once", LABELS, SCORES)
    dropped = drop(once, WORSE, SCORES, LABELS, None, 0.0001)
    assert (dropped.low, dropped.high, dropped.resolved) == (None, None, False)
    assert dropped.value > 0.0001
    assert dropped.why_null == f"{own}:once says that it must not be resampled"
    repeated = score(metric(f"{own}:repeated", LABELS, SCORES), SCORES, LABELS, None, "choose")
    assert repeated.interval == "bootstrap"


@pytest.fixture
def told(monkeypatch):
    """Makes a call take so many seconds; what is told then."""
    said = []

    def takes(seconds):
        ticks = itertools.count()
        monkeypatch.setattr(own_metric, "clock", lambda: seconds * next(ticks))
        return said

    takes.tell = lambda what, done=0, total=0: said.append(what)
    return takes


def test_a_slow_one_is_said_at_once_and_called_less(own, told):
    said = told(2.5)
    judge = metric(f"{own}:accuracy", LABELS, SCORES, tell=told.tell)
    assert said == [
        f"trying {own}:accuracy on 90 answers of the source",
        f"the first call of {own}:accuracy took 2.5 s; calling it again",
        f"one call of {own}:accuracy takes 2.5 s; an interval takes 24 calls, about 60 s for each "
        "candidate",
    ]
    assert (judge.resamples, judge.resampling) == (24, "subsample")
    (advice,) = judge.advice
    assert "intervals rest on 24 calls, not 50" in str(advice)
    found = score(judge, SCORES, LABELS, None, "choose")
    assert found.low < found.value < found.high
    assert said[-1] == f"calling {own}:accuracy, 2.5 s a call"


def test_a_quick_one_is_said_nothing_of(own, told):
    said = told(0.001)
    assert metric(f"{own}:accuracy", LABELS, SCORES, tell=told.tell).resamples == 50
    assert len(said) == 1


def test_a_slow_one_is_not_resampled_with_repeats(own, told):
    """Quantiles need more calls than halves do."""
    told(1.5)
    judge = metric(f"{own}:repeated", LABELS, SCORES)
    assert (judge.resampling, judge.resamples) == ("subsample", 40)


def test_score_and_drop_ask_a_slow_one_once(own, told, monkeypatch):
    told(2.5)
    judge = metric(f"{own}:accuracy", LABELS, SCORES)
    calls = []
    monkeypatch.setattr(
        judge.combine, "judge", lambda outputs, labels: calls.append(1) or float(outputs[0, 0] > 0)
    )
    score(judge, WORSE, LABELS, None, "choose")
    drop(judge, WORSE, SCORES, LABELS, None, 0.01)
    assert len(calls) == 2 * 24 + 1  # halves of both, and all of the candidate's


def test_what_is_far_too_slow_gets_no_interval(own, told):
    said = told(8.1)
    judge = metric(f"{own}:accuracy", LABELS, SCORES, tell=told.tell)
    why = f"one call of {own}:accuracy takes 8.1 s, and an interval needs 20"
    assert said[-1] == f"{why}: there will be no intervals"
    dropped = drop(judge, WORSE, SCORES, LABELS, None, 0.01)
    assert (dropped.low, dropped.resolved, dropped.why_null) == (None, False, why)
    assert str(judge.advice[0]).startswith(f"no intervals: {why}.")
