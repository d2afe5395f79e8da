"""What is scored where the source itself cannot answer a sample."""

import numpy as np
import pytest

from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.harness.feed import Feed
from edgeopt.pipeline.evaluation_set import EvaluationSet, metric_for

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 100)
LOST = np.arange(0, 100, 20)
ANSWERS = (RNG.normal(size=(100, 1, 3)) + 4 * np.eye(3)[LABELS][:, None]).astype(np.float32)
ANSWERS[LOST] = np.nan


@pytest.fixture
def exam(tmp_path):
    samples = Samples({"x": RNG.normal(size=(100, 2))}, LABELS)
    return EvaluationSet("choose", samples, Feed(samples.inputs, tmp_path), {"y": ANSWERS})


def test_they_are_left_out_of_score_drop_and_slices(exam):
    judge = metric_for("accuracy", exam, "y")
    assert exam.unscored("y").tolist() == LOST.tolist()
    score, drop = exam.marks(judge, {"y": ANSWERS}, "y", 0.01)
    assert (score.n, drop.n, drop.value) == (95, 95, 0.0)
    [by_class] = exam.slices(judge, {"y": ANSWERS}, "y", (), 0.01)
    assert sum(one.n for one in by_class.worst) == 95


def test_fewer_answers_than_samples_are_scored_as_they_are(exam):
    judge = metric_for("", exam, "y")
    score, _ = exam.marks(judge, {"y": ANSWERS[:50]}, "y", 0.01)
    assert score.n == 47


@pytest.mark.parametrize("name", ["accuracy", "agreement"])
def test_nan_elsewhere_is_refused_with_its_place(exam, name):
    own = ANSWERS.copy()
    own[71, 0, 2] = np.nan
    with pytest.raises(StepFailed, match=r"1 value is .* sample 71 at \[0, 2\]: nan") as caught:
        exam.marks(metric_for(name, exam, "y"), {"y": own}, "y", 0.01)
    assert caught.value.status == "failed-parity"


def test_an_answer_where_the_source_has_none_is_neither_right_nor_wrong(exam):
    score, _ = exam.marks(metric_for("", exam, "y"), {"y": np.nan_to_num(ANSWERS)}, "y", 0.01)
    assert score.n == 95


def test_a_source_that_answers_nothing_is_bad_input(exam):
    exam.source["y"] = np.full_like(ANSWERS, np.nan)
    with pytest.raises(BadInput, match="NaN for all 100 samples"):
        metric_for("", exam, "y")


def test_numbers_are_those_of_the_data():
    samples = Samples({"x": np.arange(10.0)})
    taken = samples.take([4, 9, 2, 7]).take([3, 0])
    assert taken.numbers.tolist() == [7, 4]
