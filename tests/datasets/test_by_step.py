"""Rolled answers, judged step by step or by the last."""

import numpy as np
import pytest

from edgeopt.datasets import by_step, scores
from edgeopt.datasets.by_metric import ByMetric
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput

N, STEPS = 30, 40
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, (N, STEPS))
#: Of a source that is mostly right, and of a candidate whose error grows with time.
SOURCE = np.clip(LABELS + RNG.normal(0, 0.4, (N, STEPS)), 0, 1)[:, :, None, None]
GROWS = SOURCE + (RNG.normal(0, 1, (N, STEPS)) * np.linspace(0, 1.5, STEPS))[:, :, None, None]


def sequences(labels=LABELS, **fields):
    inputs = {"x": np.zeros((N, STEPS, 1, 16), np.float32), "h": np.zeros((N, 8), np.float32)}
    return Samples(inputs, labels=labels, steps=STEPS, **fields)


def test_each_step_is_a_sample_and_a_sequence_a_group():
    given = sequences(columns={"room": np.repeat(["a", "b"], N // 2)})
    judged = by_step.samples(given)
    assert len(judged) == N * STEPS
    assert np.array_equal(judged.labels, LABELS.reshape(-1))
    assert judged.groups.tolist() == [i for i in range(N) for _ in range(STEPS)]
    assert judged.columns["room"][STEPS * N // 2 - 1 : STEPS * N // 2 + 1].tolist() == ["a", "b"]
    assert judged.steps == 0
    answers = by_step.answers(given, {"y": SOURCE})
    assert np.array_equal(answers["y"][:, 0, 0], SOURCE.reshape(-1))


def test_groups_of_sequences_stay_groups():
    judged = by_step.samples(sequences(groups=np.repeat([3, 4, 5], N // 3)))
    assert np.unique(judged.groups).tolist() == [3, 4, 5]


def test_one_label_a_sequence_is_of_its_last_step():
    given = sequences(labels=LABELS[:, 0])
    assert len(by_step.samples(given)) == N
    found = by_step.answers(given, {"y": SOURCE[:10]})["y"]
    assert np.array_equal(found, SOURCE[:10, -1])


@pytest.mark.parametrize("labels", [LABELS[:, :7], LABELS[:, :7, None], LABELS[:, :1]])
def test_another_number_of_labels_is_refused(labels):
    with pytest.raises(BadInput, match=r"labels of shape .* for 30 sequences of 40 steps"):
        by_step.samples(sequences(labels=labels))


def test_without_labels_every_step_is_compared_with_the_source():
    given = sequences(labels=None)
    assert by_step.samples(given).labels is None
    assert len(by_step.answers(given, {"y": SOURCE})["y"]) == N * STEPS


def test_what_is_no_sequence_stays_as_it_is():
    plain = Samples({"x": np.zeros((3, 16))})
    answers = {"y": np.zeros((3, 2))}
    assert by_step.samples(plain) is plain
    assert by_step.answers(plain, answers) == answers
    own, theirs = by_step.compared(plain, {"y": np.zeros((2, 2))}, answers)
    assert (len(own["y"]), len(theirs["y"])) == (2, 3)


def by_metric(given, output="y"):
    flat, [source] = by_step.judged(given, ({"y": SOURCE},))
    auc = metric("roc-auc", flat.labels, source["y"])
    return by_step.ByStep(given, ByMetric("choose", flat, source, auc, output))


@pytest.mark.slow
def test_an_error_that_grows_is_seen_by_position():
    judging = by_metric(sequences(columns={"room": np.repeat(["a", "b"], N // 2)}))
    rooms, found = judging.slices({"y": GROWS}, ("room",), 0.01)
    assert (rooms.by, rooms.count, found.by) == ("room", 2, "position")
    assert [one.value for one in found.worst] == [
        "steps 31 to 40", "steps 21 to 30", "steps 11 to 20", "steps 1 to 10",
    ]  # fmt: skip
    first, last = found.worst[-1].drop.value, found.worst[0].drop.value
    assert 0 <= first < last / 4


@pytest.mark.slow
def test_a_candidate_that_answered_fewer_sequences_is_judged_on_those():
    judging = by_metric(sequences())
    score, drop = judging.marks({"y": GROWS[:12]}, 0.01)
    assert (score.n, score.groups, drop.n) == (12 * STEPS, 12, 12 * STEPS)
    assert drop.value > 0.02
    same = judging.beside({"y": GROWS[:12]}, {"y": GROWS[:12]}, 0.01)
    assert (same.value, same.n) == (0, 12 * STEPS)
    assert judging.alike is None


@pytest.mark.slow
def test_sequences_are_told_of_which_a_step_is_not_answered():
    gaps = SOURCE.copy()
    gaps[[4, 9], 7] = np.nan
    flat, [source] = by_step.judged(sequences(), ({"y": gaps},))
    auc = metric("roc-auc", flat.labels, SOURCE.reshape(-1, 1, 1))
    judging = by_step.ByStep(sequences(), ByMetric("choose", flat, source, auc, "y"))
    assert judging.unscored.tolist() == [4, 9]
    score, _ = judging.marks({"y": gaps}, 0.01)
    assert score.n == N * STEPS - 2


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((1, 5, 9), (1, 20, 9)),
        ((5, 1, 9), (20, 1, 9)),
        ((5, 9), (20, 9)),
        ((1, 9), (4, 9)),
        ((9,), (4, 9)),
    ],
)
def test_text_is_read_from_the_frames_of_all_steps(shape, wanted):
    rolled = np.arange(2 * 4 * np.prod(shape)).reshape(2, 4, *shape)
    given = Samples({"x": np.zeros((2, 4, 3))}, labels=np.array(["one", "two"]), steps=4)
    found = by_step.answers(given, {"y": rolled})["y"]
    assert found.shape == (2, *wanted)
    assert np.array_equal(found.reshape(-1), rolled.reshape(-1))


def test_a_sequence_counts_as_one_in_intervals():
    """All steps of a sequence wrong or right together: n steps are not n samples."""
    right = RNG.random(N) < 0.8
    answers = np.where(right[:, None], LABELS, 1 - LABELS)[:, :, None].astype(np.float32)
    flat, [own] = by_step.judged(sequences(), ({"y": answers},))
    accuracy = metric("accuracy", flat.labels, own["y"])
    score = scores.score(accuracy, own["y"], flat.labels, flat.groups, "choose")
    assert (score.n, score.groups) == (N * STEPS, N)
    assert score.high - score.low > 0.25


def test_parity_compares_early_and_late_steps_of_what_was_answered():
    place = np.arange(N * STEPS, dtype=np.float64).reshape(N, STEPS, 1)
    own, source = by_step.compared(sequences(), {"y": place[:12]}, {"y": place})
    assert np.array_equal(own["y"], source["y"])
    assert sorted(own["y"][:, 0].tolist()) == list(range(12 * STEPS))
    first = own["y"][:64, 0].astype(int)
    assert len(np.unique(first // STEPS)) == 12
    assert (first % STEPS >= STEPS // 2).mean() == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        (1, ["steps 1 to 1"]),
        (3, ["steps 1 to 1", "steps 2 to 2", "steps 3 to 3"]),
        (10, ["steps 1 to 2", "steps 3 to 5", "steps 6 to 8", "steps 9 to 10"]),
    ],
)
def test_positions_of_short_sequences(steps, wanted):
    short = Samples({"x": np.zeros((2, steps, 4))}, steps=steps)
    positions = by_step.samples(short).columns["position"]
    assert list(dict.fromkeys(positions.tolist())) == wanted
