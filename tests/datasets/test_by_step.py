"""Rolled answers, judged step by step or by the last."""

import numpy as np
import pytest

from edgeopt.datasets import by_step, scores
from edgeopt.datasets.metrics import metric
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.slices import Answered, slices
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
    assert by_step.columns(plain) == ()
    own, theirs = by_step.compared(plain, {"y": np.zeros((2, 2))}, answers)
    assert (len(own["y"]), len(theirs["y"])) == (2, 3)


def judged(answers, samples=None):
    flat, [own, source] = by_step.judged(samples or sequences(), ({"y": answers}, {"y": SOURCE}))
    return Answered(flat, own["y"], source["y"])


def test_an_error_that_grows_is_seen_by_position():
    answered = judged(GROWS)
    auc = metric("roc-auc", answered.samples.labels, answered.source)
    [found] = slices(auc, answered, by_step.columns(answered.samples), "choose", 0.01)
    assert found.by == "position"
    assert [one.value for one in found.worst] == [
        "steps 31 to 40", "steps 21 to 30", "steps 11 to 20", "steps 1 to 10",
    ]  # fmt: skip
    first, last = found.worst[-1].drop.value, found.worst[0].drop.value
    assert 0 <= first < last / 4


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
