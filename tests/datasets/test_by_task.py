"""Scores, drops and slices of a task's contributions."""

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.datasets import column_slices, task_scores
from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.datasets.task_metric import TaskMetric
from edgeopt.domain.errors import BadInput, StepFailed
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from edgeopt.tasks import coco
from edgeopt.tasks.counted import mean
from edgeopt.tasks.task import Measure
from tests.pipeline import squares

IMAGE = TensorSpec(name="images", dtype="float32", shape=(1, 3, 64, 64))
N = 120


@pytest.fixture(scope="module")
def judging(tmp_path_factory):
    import onnxruntime

    folder = tmp_path_factory.mktemp("squares")
    session = onnxruntime.InferenceSession(squares.model(str(folder / "m.onnx")))
    samples = squares.samples(folder / "scenes", N)
    found = [session.run(None, {"images": one[None]})[0] for one in samples.inputs["images"]]
    outputs = {"output0": np.stack(found)}
    settled = settle(Given(TaskAsked(), "", samples, outputs, (IMAGE,), "output0"))
    return ByTask("choose", samples, outputs, settled, metric_of(settled, "", samples))


def without_green(outputs, rows):
    """The outputs with nothing green found in some images."""
    found = outputs["output0"].copy()
    found[rows, 0, 5] = 0
    return {"output0": found}


@pytest.mark.slow
def test_the_source_loses_nothing(judging):
    score, drop = judging.marks(judging.source, 0.01)
    assert (score.value, score.n, score.part, drop.value) == (1.0, N, "choose", 0.0)
    assert drop.resolved
    assert judging.doubts() == ()


@pytest.mark.slow
def test_the_printed_value_is_the_librarys(judging, monkeypatch):
    spoiled = without_green(judging.source, slice(0, 60))
    ours, _ = judging.marks(spoiled, 0.01)
    held_out = replace(judging, part="confirm", _trials={})
    theirs, _ = held_out.marks(spoiled, 0.01)
    assert theirs.value == pytest.approx(ours.value, abs=1e-6)
    monkeypatch.setattr(coco, "precision", lambda *_: (np.full((10, 2, 1), 0.5), ("all",)))
    assert held_out.marks(spoiled, 0.01)[0].value == 0.5


@pytest.mark.slow
def test_a_class_that_is_lost_is_seen_in_all_and_in_its_own_slice(judging):
    spoiled = without_green(judging.source, slice(0, 60))
    score, drop = judging.marks(spoiled, 0.01)
    assert 0.6 < score.value < 0.85
    assert drop.value == pytest.approx(1 - score.value)
    assert drop.low > 0.01
    assert drop.resolved
    by_class, by_size = judging.slices(spoiled, (), 0.01)
    assert [one.value for one in by_class.worst] == ["green", "red"]
    assert by_class.worst[1].drop.value == pytest.approx(0, abs=0.02)
    assert by_size.by == "size"


@pytest.mark.slow
def test_the_first_samples_alone(judging):
    few = {name: each[:50] for name, each in judging.source.items()}
    score, drop = judging.marks(few, 0.01)
    assert (score.n, drop.n) == (50, 50)


@pytest.mark.slow
def test_two_candidates_beside_each_other(judging):
    spoiled = without_green(judging.source, slice(0, 60))
    assert judging.beside(spoiled, spoiled, 0.01).value == 0
    assert judging.beside(judging.source, spoiled, 0.01).value < 0


@pytest.mark.slow
def test_samples_that_the_source_answers_with_nan_are_left_out(judging):
    source = {"output0": judging.source["output0"].copy()}
    source["output0"][3, 0, 0, 5] = np.nan
    other = ByTask("choose", judging.samples, source, judging.settled, judging.metric)
    score, _ = other.marks(judging.source, 0.01)
    assert (other.unscored.tolist(), score.n) == ([3], N - 1)


@pytest.mark.slow
def test_a_source_that_finds_nothing_is_doubted(judging):
    moved = {"output0": judging.source["output0"].copy()}
    moved["output0"][:, 0, :2] = 32
    other = ByTask("choose", judging.samples, moved, judging.settled, judging.metric)
    [doubt] = other.doubts()
    assert "prepared otherwise" in str(doubt)


def test_nothing_but_nan(judging):
    source = {"output0": np.full_like(judging.source["output0"], np.nan)}
    other = ByTask("choose", judging.samples, source, judging.settled, judging.metric)
    with pytest.raises(BadInput, match="answers NaN"):
        other.marks(judging.source, 0.01)


RNG = np.random.default_rng(0)
ERRORS = mean(RNG.uniform(1, 3, 400))


def error_metric(points):
    return TaskMetric(Measure("e", "an error", higher_is_better=False, points=points), "labels")


def test_an_error_in_a_unit_is_judged_as_a_share_of_the_sources():
    worse = mean(ERRORS.columns[:, 0] * 1.02)
    drop = task_scores.drop(error_metric(points=False), worse, ERRORS, None, 0.01)
    assert drop.relative == pytest.approx(0.02)
    assert drop.resolved
    allowed = task_scores.drop(error_metric(points=False), worse, ERRORS, None, 0.03)
    assert allowed.resolved


def test_an_error_in_points_is_judged_by_its_difference():
    worse = mean(ERRORS.columns[:, 0] + 0.02)
    drop = task_scores.drop(error_metric(points=True), worse, ERRORS, None, 0.01)
    assert (drop.relative, drop.value) == (None, pytest.approx(0.02))


def test_counts_without_an_error_are_uncertain_still():
    metric = TaskMetric(Measure("right", "a share", counting=True), "labels")
    right = mean(np.ones(100))
    score = task_scores.score(metric, right, None, "choose")
    drop = task_scores.drop(metric, right, right, None, 0.01)
    assert score.low < 0.98
    assert not drop.resolved


def test_a_measure_that_is_not_defined_is_a_failure():
    metric = error_metric(points=True)
    with pytest.raises(StepFailed, match="nan"):
        task_scores.score(metric, mean(np.full(9, np.nan)), None, "choose")


def test_groups_widen_an_interval():
    groups = np.repeat(np.arange(20), 20)
    each = mean(np.repeat(RNG.uniform(0, 1, 20), 20))
    metric = error_metric(points=True)
    alone, together = (task_scores.score(metric, each, of, "choose") for of in (None, groups))
    assert together.high - together.low > 1.5 * (alone.high - alone.low)
    assert together.groups == 20


def test_columns_of_the_data_worst_first():
    night = np.arange(400) % 4 == 0
    worse = mean(ERRORS.columns[:, 0] + night * 0.5)
    [found] = column_slices.by_column(
        error_metric(points=True), worse, ERRORS, {"night": night}, None, "confirm", 0.01
    )
    assert [one.value for one in found.worst] == ["True", "False"]
    assert found.worst[0].drop.value == pytest.approx(0.5)
    assert found.worst[1].drop.value == pytest.approx(0)


@pytest.mark.slow
def test_a_bound_is_what_nineteen_cases_of_twenty_stay_below():
    rng = np.random.default_rng(0)
    metric = TaskMetric(Measure("mean", "a mean"), "labels", resamples=100)
    exceeded = 0
    for _ in range(200):
        own, source = mean(rng.normal(-0.1, 1, 60)), mean(np.zeros(60))
        exceeded += task_scores.drop(metric, own, source, None, 0.01).bound < 0.1
    assert 3 <= exceeded <= 20  # a binomial of 200 and 5 % is within it in 99.9 %
    found = task_scores.drop(metric, own, source, None, 0.01)
    assert found.value < found.bound < found.high
    assert found.bound_by == "interval"
