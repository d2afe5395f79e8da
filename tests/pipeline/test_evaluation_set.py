"""What is scored where the source itself cannot answer a sample."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.datasets.by_metric import metric_for
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.run import Constraints
from edgeopt.harness.feed import Feed
from edgeopt.pipeline.evaluation_set import EvaluationSet
from edgeopt.pipeline.scoring import Scoring

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 100)
LOST = np.arange(0, 100, 20)
ANSWERS = (RNG.normal(size=(100, 1, 3)) + 4 * np.eye(3)[LABELS][:, None]).astype(np.float32)
ANSWERS[LOST] = np.nan


@pytest.fixture
def scored_by(tmp_path):
    """scored_by(metric): the part that is scored so."""

    def scored_by(name):
        samples, source = Samples({"x": RNG.normal(size=(100, 2))}, LABELS), {"y": ANSWERS}
        metric = metric_for(name, samples, source, "y")
        scoring = Scoring(metric, "y", Constraints(max_drop=0.01))
        return EvaluationSet("choose", samples, Feed(samples.inputs, tmp_path), source, scoring)

    return scored_by


def test_they_are_left_out_of_score_drop_and_slices(scored_by):
    choose = scored_by("accuracy")
    assert choose.unscored.tolist() == LOST.tolist()
    score, drop = choose.marks({"y": ANSWERS})
    assert (score.n, drop.n, drop.value) == (95, 95, 0.0)
    [by_class] = choose.slices({"y": ANSWERS})
    assert sum(one.n for one in by_class.worst) == 95


def test_fewer_answers_than_samples_are_scored_as_they_are(scored_by):
    score, _ = scored_by("").marks({"y": ANSWERS[:50]})
    assert score.n == 47


@pytest.mark.parametrize("name", ["accuracy", "agreement"])
def test_nan_elsewhere_is_refused_with_its_place(scored_by, name):
    own = ANSWERS.copy()
    own[71, 0, 2] = np.nan
    with pytest.raises(StepFailed, match=r"1 value is .* sample 71 at \[0, 2\]: nan") as caught:
        scored_by(name).marks({"y": own})
    assert caught.value.status == "failed-parity"


def test_an_answer_where_the_source_has_none_is_neither_right_nor_wrong(scored_by):
    score, _ = scored_by("").marks({"y": np.nan_to_num(ANSWERS)})
    assert score.n == 95


def test_a_source_that_answers_nothing_is_bad_input():
    samples, nothing = Samples({"x": np.zeros((100, 2))}), {"y": np.full_like(ANSWERS, np.nan)}
    with pytest.raises(BadInput, match="NaN for all 100 samples"):
        metric_for("", samples, nothing, "y")


@pytest.mark.parametrize(("limit", "expected"), [(None, 0.01), (0.2, 0.2)])
def test_a_slice_may_lose_what_was_said_of_slices_else_as_much_as_all(scored_by, limit, expected):
    choose = scored_by("accuracy")
    bound = Constraints(max_drop=0.01, max_slice_drop=limit)
    scoring = replace(choose.scoring, constraints=bound)
    assert (scoring.max_drop, scoring.max_slice_drop) == (0.01, expected)
    assert scoring.slices_decide == (limit is not None)


def test_numbers_are_those_of_the_data():
    samples = Samples({"x": np.arange(10.0)})
    taken = samples.take([4, 9, 2, 7]).take([3, 0])
    assert taken.numbers.tolist() == [7, 4]
