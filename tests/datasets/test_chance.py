"""A source that scores as if it did not see its input is told, whatever judges it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.datasets import chance
from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.doubts import doubts
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from tests.datasets.test_by_task import judging  # noqa: F401

N = 120
RNG = np.random.default_rng(5)
ROW = TensorSpec(name="x", dtype="float32", shape=(1, 8))
IMAGE = TensorSpec(name="x", dtype="float32", shape=(1, 3, 16, 16))


def judged(outputs, labels, groups=None, spec=ROW, name="", **asked):
    samples = Samples({"x": np.zeros((N, *spec.sizes), np.float32)}, labels, groups, "the data")
    found = settle(Given(TaskAsked(**asked), name, samples, outputs, (spec,), "y"))
    return ByTask("choose", samples, outputs, found, metric_of(found, name, samples))


def embeddings():
    who = np.repeat(np.arange(N // 2), 2)
    found = RNG.normal(size=(N // 2, 16))[who] + 0.3 * RNG.normal(size=(N, 16))
    return judged({"y": found.astype(np.float32)[:, None]}, who, task="embedding")


def ranking():
    right = np.tile([1, 0, 0, 0, 0, 0], N // 6)
    found = (right + 0.3 * RNG.normal(size=N)).astype(np.float32)[:, None]
    return judged({"y": found}, right, np.repeat(np.arange(N // 6), 6), task="ranking", name="mrr")


def regression():
    truth = RNG.normal(3, 2, (N, 1)).astype(np.float32)
    found = truth + 0.3 * RNG.normal(size=(N, 1)).astype(np.float32)
    return judged({"y": found}, truth, task="regression")


def segmentation():
    truth = np.zeros((N, 16, 16), np.uint8)
    for i, (top, left) in enumerate(RNG.integers(0, 12, (N, 2))):
        truth[i, top : top + 4, left : left + 4] = 1 + i % 2
    planes = np.eye(3)[truth].transpose(0, 3, 1, 2)[:, None].astype(np.float32)
    noisy = planes + 0.2 * RNG.normal(size=planes.shape).astype(np.float32)
    return judged({"y": noisy}, truth, spec=IMAGE, task="segmentation")


TASKS = {one.__name__: one for one in (embeddings, ranking, regression, segmentation)}


def otherwise(sound, outputs):
    return replace(sound, source=outputs, _trials={})


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_a_sound_source_is_not_doubted(name):
    assert TASKS[name]().doubts() == ()


@pytest.mark.parametrize("name", TASKS)
def test_answers_to_other_samples_are_told(name):
    sound = TASKS[name]()
    others = RNG.permutation(N)
    [doubt] = otherwise(sound, {"y": sound.source["y"][others]}).doubts()
    assert f"The source's {sound.metric.name} is " in doubt.text
    assert "would score" in doubt.text
    assert "--preprocess" in doubt.advice


@pytest.mark.parametrize("name", ["regression", "segmentation"])
def test_one_answer_for_all_is_told(name):
    sound = TASKS[name]()
    background = np.repeat(sound.source["y"].mean(axis=0, keepdims=True), N, axis=0)
    [doubt] = otherwise(sound, {"y": background}).doubts()
    assert "it may not have learnt this" in doubt.text


def test_a_little_better_than_chance_is_not_learnt():
    sound = segmentation()
    truth, mean = sound.source["y"], sound.source["y"].mean(axis=0)
    found = np.where(np.arange(N)[:, None, None, None, None] % 20 == 0, truth, mean)
    [doubt] = otherwise(sound, {"y": found.astype(np.float32)}).doubts()
    assert "miou" in doubt.text


@pytest.mark.slow
def test_boxes_of_other_images_are_told(judging):  # noqa: F811
    assert judging.doubts() == ()
    others = np.roll(np.arange(len(judging.samples)), 7)
    moved = {name: each[others] for name, each in judging.source.items()}
    [doubt] = otherwise(judging, moved).doubts()
    assert "would score" in doubt.text


def test_few_samples_tell_nothing_of_chance():
    sound = regression()
    few, nothing = sound.samples.take(np.arange(12)), {"y": np.ones((12, 1), np.float32)}
    found = ByTask("choose", few, nothing, sound.settled, sound.metric).doubts()
    assert "would score" not in " ".join(map(str, found))


def test_agreement_with_the_source_has_no_chance():
    found = RNG.normal(size=(N, 1, 16)).astype(np.float32)
    assert judged({"y": found}, None, task="embedding").doubts() == ()


@pytest.mark.parametrize("name", ["mae", "mse", "f1"])
def test_every_metric_of_labels_knows_its_chance(name):
    if name == "f1":
        labels = RNG.integers(0, 4, N)
        sound = RNG.normal(size=(N, 1, 4)) + 4 * np.eye(4)[labels][:, None]
    else:
        labels = RNG.normal(3, 2, (N, 1)).astype(np.float32)
        sound = labels + 0.3 * RNG.normal(size=(N, 1)).astype(np.float32)
    judge = metric(name, labels, sound)
    assert doubts(judge, "y", sound, labels) == ()
    [doubt] = doubts(judge, "y", sound[RNG.permutation(N)], labels)
    assert f"The source's {name} is " in doubt.text


def test_no_sample_gets_its_own_answer_and_every_answer_is_given_once():
    source = {"y": np.arange(50.0), "z": np.arange(50) * 2}
    given = list(chance.trivial(source))
    assert len(given) == 2  # integers have no mean
    for one in given:
        assert (one.answers["y"] != source["y"]).all()
        assert sorted(one.answers["y"]) == source["y"].tolist()
        assert (one.answers["z"] == 2 * one.answers["y"]).all()


def test_what_cannot_be_scored_is_left_out():
    def refuses(answers):
        raise BadInput("no", "none")

    source = {"y": np.arange(50.0)}
    assert chance.best(source, refuses, higher_is_better=True) is None
    assert chance.best(source, lambda answers: float("nan"), higher_is_better=True) is None
    assert chance.best(source, lambda a: np.ptp(a.answers["y"]), higher_is_better=False)[0] == 0


@pytest.mark.parametrize(
    ("score", "level", "higher", "found"),
    [(0.55, 0.5, True, 0.1), (0.5, 0.5, True, 0), (0.9, 1.0, False, 0.1), (1.2, 1.0, False, -0.2)],
)
def test_skill(score, level, higher, found):
    assert chance.skill(score, level, higher) == pytest.approx(found)
