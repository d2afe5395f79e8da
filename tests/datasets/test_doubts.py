import numpy as np
import pytest

from edgeopt.datasets.doubts import doubts, faint, unanswered_samples
from edgeopt.datasets.metrics import metric

RNG = np.random.default_rng(0)
CLASS = RNG.integers(0, 4, 200)
RIGHT = RNG.normal(size=(200, 1, 4)) + 4 * np.eye(4)[CLASS][:, None]


def told(name, outputs, labels):
    return " ".join(map(str, doubts(metric(name, labels, outputs), "y", outputs, labels)))


@pytest.mark.parametrize("name", ["accuracy", "roc-auc", "agreement"])
def test_a_sound_model_raises_no_doubt(name):
    assert told(name, RIGHT, CLASS) == ""


@pytest.mark.parametrize(
    "same", [np.full((60, 1, 10), 0.1), np.zeros((60, 1, 2, 8)), np.full((60, 1), 3)]
)
def test_one_answer_for_all_samples_is_told(same):
    text = told("agreement", same, None)
    assert "the same answer for all 60 samples in output 'y': its score says nothing" in text


def test_one_class_for_all_samples_is_told_whatever_the_metric():
    one = RIGHT + 30 * np.eye(4)[2]
    for name in ("accuracy", "roc-auc"):
        assert "answers class 2 for all 200 samples" in told(name, one, CLASS)
    powers = np.exp(RIGHT + 8 * np.eye(4)[2])
    assert "class 2" in told("agreement", powers / powers.sum(axis=-1, keepdims=True), None)


@pytest.mark.parametrize("name", ["accuracy", "roc-auc"])
def test_a_score_near_chance_is_told(name):
    text = told(name, RIGHT, RNG.permutation(CLASS))
    assert "it may not have learnt this" in text
    assert "the commonest class for every sample" in text or "any order" in text


@pytest.mark.parametrize("name", ["accuracy", "f1"])
def test_many_samples_do_not_make_a_little_skill_learnt(name):
    """Of four classes one in four is chance; 0.3 is clearly more of 4,000, and hardly anything."""
    classes = RNG.integers(0, 4, 4000)
    known = np.where(np.arange(4000) % 16 == 0, classes, RNG.integers(0, 4, 4000))
    little = RNG.normal(size=(4000, 1, 4)) + 9 * np.eye(4)[known][:, None]
    assert "it may not have learnt this" in told(name, little, classes)


def test_samples_that_the_source_cannot_answer_are_named():
    assert unanswered_samples((), 9) == ()
    [advice] = unanswered_samples(tuple(range(0, 500, 20)), 500)
    assert "NaN for 25 of 500 samples (numbers 0, 20, 40" in str(advice)
    assert "and 13 more, from 0): they are not scored" in str(advice)


@pytest.mark.parametrize(
    "answers",
    [
        0.0005 + 0.001 * RNG.random((60, 1, 1)),  # silence, to a detector of speech
        0.003 * RNG.random((60, 1, 4, 5)),  # scores of objects where none are
        300 + RNG.random((60, 1)),
    ],
)
def test_answers_that_integers_could_not_follow_are_told(answers):
    [advice] = faint("p", answers)
    assert "less than a step of 8 bits" in str(advice)
    assert "these 60 samples do not tell whether integers follow it" in str(advice)


@pytest.mark.parametrize(
    "answers",
    [
        RNG.random((60, 1)),
        0.01 * RNG.random((60, 1)),
        np.where(np.arange(60) == 50, 0.9, 0.001)[:, None],
        1e-3 * RNG.normal(size=(60, 3)),  # small, but no probability
        RNG.normal(size=(60, 3)) + 100,
        np.full((60, 1), 0.3),  # told as one answer for all
        1e-9 * RNG.random((60, 1)),  # rounding noise is none
        RNG.integers(0, 9, (60, 1)),
    ],
)
def test_answers_that_move_raise_no_such_doubt(answers):
    assert faint("p", answers) == ()
