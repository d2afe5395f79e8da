"""Groups of what contributes to a measure: queries and pairs are of samples."""

import numpy as np
import pytest

from edgeopt.datasets.by_task import ByTask
from edgeopt.datasets.contributing import connected, together, units_of
from edgeopt.datasets.marked_pairs import MarkedPairs
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.own import SettledOwn
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked, TaskFacts
from edgeopt.domain.tensor import TensorSpec
from edgeopt.tasks.detection import Detection
from edgeopt.tasks.embedding import Pairs
from tests.pipeline import squares

SPEC = TensorSpec(name="x", dtype="float32", shape=(1, 8))


def judging(samples, outputs, metric="", **asked):
    given = Given(TaskAsked(**asked), metric, samples, outputs, (SPEC,), "y")
    settled = settle(given)
    return ByTask("choose", samples, outputs, settled, metric_of(settled, metric, samples))


def embedded(identities, groups=None, marks=None, noise=0.6):
    """Samples whose embeddings are near those of their identity."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(int(identities.max()) + 1, 8))
    own = centers[identities] + noise * rng.normal(size=(len(identities), 8))
    samples = Samples({"x": np.zeros((len(own), 8), np.float32)}, identities, groups, marks=marks)
    worse = own + 0.5 * rng.normal(size=own.shape)
    return samples, {"y": own}, {"y": worse}


def test_a_sample_that_nobody_is_like_does_not_undo_the_groups():
    every = np.repeat(np.arange(40), 5)
    for identities in (every, np.r_[every, 40]):
        samples, own, worse = embedded(identities, groups=identities)
        score, drop = judging(samples, own, task="embedding").marks(worse, 0.01)
        assert score.groups == 40
        assert "groups" in drop.interval


def pairs_of(count, rng):
    left, right = rng.integers(0, count, (2, 2000))
    keep = left != right
    return left[keep], right[keep]


@pytest.mark.slow
def test_pairs_of_told_groups_are_not_independent():
    rng = np.random.default_rng(1)
    identities = np.repeat(np.arange(30), 10)
    left, right = pairs_of(300, rng)
    found = Pairs(left, right, same=identities[left] == identities[right])
    samples, own, worse = embedded(identities, identities, MarkedPairs(found, 300))
    score, _ = judging(samples, own).marks(worse, 0.01)
    alone, _ = judging(*embedded(identities, None, MarkedPairs(found, 300))[:2]).marks(worse, 0.01)
    assert score.groups == 30
    assert score.high - score.low > 1.5 * (alone.high - alone.low)


def test_pairs_that_share_samples_resolve_nothing_by_themselves():
    rng = np.random.default_rng(1)
    identities = np.repeat(np.arange(30), 10)
    left, right = pairs_of(300, rng)
    found = Pairs(left, right, same=identities[left] == identities[right])
    samples, own, _ = embedded(identities, None, MarkedPairs(found, 300))
    score, drop = judging(samples, own).marks(own, 0.5)
    assert score.alike == 1
    assert not drop.resolved


def test_pairs_that_share_nothing_are_independent():
    apart = Pairs(np.arange(0, 60, 2), np.arange(1, 60, 2), same=np.arange(30) % 2 == 0)
    assert len(np.unique(connected(apart))) == 30
    chain = Pairs(np.arange(9), np.arange(1, 10), same=np.arange(9) % 2 == 0)
    assert len(np.unique(connected(chain))) == 1


def test_contributions_of_unknown_samples_are_one_group():
    assert units_of(object(), 5, 9) is None
    groups, alike = together(None, np.arange(9), None, None, 5)
    assert groups is None
    assert alike.tolist() == [0] * 5


def test_queries_are_sliced_by_what_is_known_of_their_candidates():
    rng = np.random.default_rng(2)
    queries, right = np.repeat(np.arange(60), 5), np.tile([1, 0, 0, 0, 0], 60)
    scores = (right + 0.4 * rng.normal(size=300))[:, None]
    columns = {"country": np.repeat(np.arange(3), 100)}
    samples = Samples({"x": np.zeros((300, 8), np.float32)}, right, queries, columns=columns)
    spoiled = scores.copy()
    spoiled[:100] = rng.normal(size=(100, 1))
    [found] = judging(samples, {"y": scores}, task="ranking").slices(
        {"y": spoiled}, ["country"], 0.01
    )
    assert found.count == 3
    assert found.worst[0].value == "0"
    assert found.worst[0].n == 20


def test_a_task_of_ones_own_is_told_the_samples_numbers():
    samples = Samples({"x": np.zeros((9, 8))}).take([7, 3, 5])
    own = SettledOwn(TaskFacts(name="mine:Task"), None)
    assert list(own.contexts(samples)) == [7, 3, 5]


def test_samples_without_anything_to_find_are_refused_as_data(tmp_path):
    samples = squares.samples(tmp_path / "scenes", 40)
    outputs = {"y": np.zeros((40, 1, 6, 84), np.float32)}
    outputs["y"][:, 0, :4] = 8
    found = settle(Given(TaskAsked(head="yolo"), "", samples, outputs, (SPEC,), "y"))
    bare = samples.marks.annotated
    for one in bare.objects:
        for name in ("boxes", "classes", "crowd", "difficult", "areas"):
            object.__setattr__(one, name, getattr(one, name)[:0])
    judge = ByTask("choose", samples, outputs, found, metric_of(found, "", samples))
    with pytest.raises(BadInput, match="not defined"):
        judge.doubts()


def test_a_class_that_turns_up_later_is_judged_too():
    from edgeopt.decoding.detections import Detections
    from edgeopt.tasks.boxed import joined

    task = Detection("yolo", (64, 64), ("0", "1", "2"))
    one = Detections(np.array([[1.0, 1, 9, 9]]), np.array([0.9]), np.array([7]))
    answers = joined([one, one])
    judged = task.judged(answers, task.truths_of(answers))
    assert judged.contributions("map").value() == 1
