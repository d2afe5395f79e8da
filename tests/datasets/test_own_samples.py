"""A user's metric that gives each sample's part: added up, and called once for each model."""

import importlib
import sys

import msgspec
import numpy as np
import pytest
from sklearn.metrics import f1_score

from edgeopt.datasets.metrics import metric
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.scores import drop, score
from edgeopt.datasets.slices import Answered, slices
from edgeopt.domain.errors import BadInput
from edgeopt.stats.proportion import wilson

CODE = """
import numpy as np
calls = []
def hits(outputs, labels):
    calls.append(len(labels))
    return outputs.argmax(-1) == labels
def whole(outputs, labels):
    return (outputs.argmax(-1) == labels).mean()
def errors(outputs, labels):
    calls.append(len(labels))
    found = np.abs(outputs - np.eye(outputs.shape[1])[labels]).mean(axis=1)
    return np.where(labels == 4, np.nan, found)
errors.lower_is_better = True
def f1(outputs, labels):
    calls.append(len(labels))
    found, wanted = outputs.argmax(-1) == 1, labels == 1
    return np.stack([found & wanted, found, wanted], axis=1)
f1.combine = lambda sums: 2 * sums[0] / (sums[1] + sums[2])
def words(outputs, labels):
    return ["a"] * len(labels)
def tables(outputs, labels):
    return np.zeros((len(labels), 3))
def all_pairs(outputs, labels):
    return outputs.argmax(-1)[:, None] == labels
def short(outputs, labels):
    return np.zeros(len(labels) - 1)
def endless(outputs, labels):
    return np.where(np.arange(len(labels)) == 3, np.inf, 0.5)
def unknown(outputs, labels):
    return np.full(len(labels), np.nan)
def vector(outputs, labels):
    return np.zeros(len(labels))
vector.combine = lambda sums: 1.0
def breaks(outputs, labels):
    return np.zeros((len(labels), 2))
breaks.combine = lambda sums: sums["a"]
def pairs(outputs, labels):
    return np.zeros((len(labels), 2))
pairs.combine = lambda sums: sums
def changes(outputs, labels):
    calls.append(1)
    return outputs.argmax(-1) == labels if len(calls) < 8 else 0.5
def once(outputs, labels):
    return outputs.argmax(-1) == labels
once.resampling = "none"
def halves(outputs, labels):
    return (outputs.argmax(-1) == labels) * 1.0
halves.resampling = "subsample"
"""
RNG = np.random.default_rng(0)
N = 200
LABELS = RNG.integers(0, 5, N)
SCORES = (2 * np.eye(5)[LABELS] + RNG.normal(size=(N, 5))).astype(np.float32)
WORSE = SCORES + 0.7 * RNG.normal(size=SCORES.shape).astype(np.float32)


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "each_of_test.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    yield "each_of_test"
    sys.modules.pop("each_of_test", None)


def test_right_or_wrong_is_a_proportion_like_accuracy(own):
    found, accuracy = metric(f"{own}:hits", LABELS, SCORES), metric("accuracy", LABELS, SCORES)
    assert found.proportion
    assert found.counting
    assert found.advice == ()
    assert found.about == f"the mean of what {own}:hits gives each sample (higher is better)"
    ours, theirs = (score(one, SCORES, LABELS, None, "choose") for one in (found, accuracy))
    assert msgspec.structs.replace(ours, metric="accuracy") == theirs
    right = int((SCORES.argmax(1) == LABELS).sum())
    assert (ours.low, ours.high) == pytest.approx(wilson(right, N))
    lost = [drop(one, WORSE, SCORES, LABELS, None, 0.01) for one in (found, accuracy)]
    assert [one.bound_by for one in lost] == ["interval", "margins"]
    alike = [msgspec.structs.replace(one, bound=None, bound_by="") for one in lost]
    assert alike[0] == alike[1]
    both = Answered(Samples({"x": SCORES}, LABELS), WORSE, SCORES)
    [by_class] = slices(found, both, (), "choose", 0.01)
    assert by_class.count == 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hits", "errors", "f1"])
def test_an_interval_takes_no_call(own, name):
    judge = metric(f"{own}:{name}", LABELS, SCORES)
    calls = importlib.import_module(own).calls
    calls.clear()
    score(judge, WORSE, LABELS, None, "choose")
    drop(judge, WORSE, SCORES, LABELS, np.arange(N) // 2, 0.01)
    assert calls == [N] * 3  # the candidate's twice, the source's


def test_samples_that_are_nan_do_not_count(own):
    judge = metric(f"{own}:errors", LABELS, SCORES)
    known = LABELS != 4
    wanted = np.abs(SCORES - np.eye(5)[LABELS]).mean(axis=1)[known].mean()
    assert judge.value(SCORES, LABELS) == pytest.approx(wanted)
    found = score(judge, SCORES, LABELS, None, "choose")
    assert found.interval == "bootstrap"
    assert found.low < wanted < found.high
    lost = drop(judge, WORSE, SCORES, LABELS, None, 0.01)
    assert lost.low < lost.value < lost.high
    assert lost.relative == pytest.approx(lost.value / wanted)
    assert not judge.counting


@pytest.mark.slow
def test_sums_are_combined_as_the_user_says(own):
    judge = metric(f"{own}:f1", LABELS, SCORES)
    wanted = f1_score(LABELS == 1, SCORES.argmax(1) == 1)
    assert judge.value(SCORES, LABELS) == pytest.approx(wanted)
    found = score(judge, SCORES, LABELS, None, "choose")
    assert (found.interval, judge.counting) == ("bootstrap", True)
    assert found.low < wanted < found.high


def test_of_a_number_it_is_said_how_few_calls_its_intervals_rest_on(own):
    judge = metric(f"{own}:whole", LABELS, SCORES)
    assert judge.about == (
        f"the value of {own}:whole (higher is better); "
        "it gives one number, so an interval rests on 50 calls of it"
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("words", "returned an array of shape [200] of <U1 for 200 samples"),
        ("tables", "returned an array of shape [200, 3] of float64 for 200 samples"),
        ("all_pairs", "returned an array of shape [200, 200] of bool for 200 samples"),
        ("short", "returned an array of shape [199] of float64 for 200 samples"),
        ("endless", "returned inf for sample 3"),
        ("unknown", "of the source model is nan"),
        ("vector", "returned an array of shape [200] of float64 for 200 samples"),
        ("breaks", "{own}:breaks.combine failed: IndexError"),
        ("pairs", "{own}:pairs returned an array of shape [2], not a number"),
    ],
)
def test_what_is_no_part_of_a_sample_is_told(own, name, told):
    with pytest.raises(BadInput) as caught:
        metric(f"{own}:{name}", LABELS, SCORES)
    assert told.format(own=own) in str(caught.value)


def test_another_kind_of_answer_later_is_told(own):
    judge = metric(f"{own}:changes", LABELS, SCORES)
    importlib.import_module(own).calls.extend(range(8))
    with pytest.raises(BadInput, match=r"returned an array of shape \[\] of float64 for 200"):
        judge.value(SCORES, LABELS)


def test_it_may_say_how_it_is_resampled(own):
    once = drop(metric(f"{own}:once", LABELS, SCORES), WORSE, SCORES, LABELS, None, 0.01)
    assert (once.low, once.resolved) == (None, False)
    assert once.why_null == f"{own}:once says that it must not be resampled"
    found = score(metric(f"{own}:halves", LABELS, SCORES), SCORES, LABELS, None, "choose")
    assert found.interval == "half-samples"
