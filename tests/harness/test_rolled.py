"""Sequences answered, and the states within them, by a real runner on this machine."""

import math

import numpy as np
import pytest

from edgeopt.devices.local import Local
from edgeopt.domain.tensor import Binding
from edgeopt.harness.answering import answer, answer_in_parts, states_at
from edgeopt.harness.client import Client, RunnerFailed
from edgeopt.harness.feed import Feed
from edgeopt.harness.inputs import give
from edgeopt.harness.rolled import sequences_a_request
from edgeopt.harness.subject import Subject
from tests.runner import recurrent

STATES = {"stateN": "state"}


def bound(index, name, size):
    return Binding(source=name, name=name, index=index, dtype="float32", shape=(1, size))


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    path = recurrent.save(tmp_path_factory.mktemp("model") / "model.onnx")
    return Subject(
        key="recurrent",
        title="recurrent",
        runtime="onnxruntime",
        path=path,
        threads=1,
        inputs=(bound(0, "x", recurrent.SIZE), bound(1, "state", recurrent.HIDDEN)),
        outputs=(bound(0, "y", 1), bound(1, "stateN", recurrent.HIDDEN)),
    )


@pytest.fixture(scope="module")
def device():
    here = Local()
    yield here
    here.close()


X = recurrent.sequences(7, 300)[:, :, None]  # with the batch axis of 1
FIRST = np.random.default_rng(3).normal(0, 0.5, (7, 1, recurrent.HIDDEN)).astype(np.float32)
ANSWERS, BEFORE = recurrent.rolled(X[:, :, 0], FIRST[:, 0])


def feed(folder, steps=None):
    return Feed({"state": FIRST, "x": X}, folder / "feed", STATES, steps)


def test_answers_are_those_of_every_step_from_each_own_first_state(device, subject, tmp_path):
    told = []
    answers, facts = answer(
        device,
        subject,
        feed(tmp_path),
        {"y": (1, 1)},
        tmp_path / "log",
        60,
        progress=lambda what, done, total: told.append((done, total)),
        among=range(1, 7),
        chunk=64,
    )
    assert answers.keys() == {"y"}
    assert answers["y"].shape == (6, 300, 1, 1)
    np.testing.assert_allclose(answers["y"][:, :, 0], ANSWERS[1:], atol=1e-5)
    assert told == [(1, 6), (2, 6), (3, 6), (4, 6), (5, 6), (6, 6)]
    assert facts.total > 0


def test_a_state_may_be_an_answer_too(device, subject, tmp_path):
    shapes = {"y": (1, 1), "stateN": (1, recurrent.HIDDEN)}
    answers, _ = answer(
        device, subject, feed(tmp_path), shapes, tmp_path / "log", 60, among=range(2)
    )
    np.testing.assert_allclose(answers["stateN"][:, :-1, 0], BEFORE[:2, 1:], atol=1e-5)


def test_runners_side_by_side_share_few_sequences(device, subject, tmp_path):
    shapes, log = {"y": (1, 1)}, tmp_path / "log"
    answers = answer_in_parts(device, subject, feed(tmp_path), shapes, log, 60, 2)
    np.testing.assert_allclose(answers["y"][:, :, 0], ANSWERS, atol=1e-5)


def test_states_within_sequences(device, subject, tmp_path):
    kept = [[1, 299], [17, 18], [0, 5]]
    found = states_at(device, subject, feed(tmp_path), kept, tmp_path / "log", 60)
    wanted = [BEFORE[i, places] for i, places in enumerate(kept)]
    assert found.keys() == {"state"}
    np.testing.assert_allclose(found["state"][:, :, 0], wanted, atol=1e-5)


def test_impatience_ends_between_sequences(device, subject, tmp_path):
    shapes, log = {"y": (1, 1)}, tmp_path / "log"
    answers, _ = answer(
        device, subject, feed(tmp_path), shapes, log, 60, patience_s=0.0, chunk=64
    )  # fmt: skip
    assert answers["y"].shape == (1, 300, 1, 1)


@pytest.mark.parametrize(
    ("chunk", "steps", "wanted"), [(64, 1, 512), (64, 100, 5), (64, 10_000, 1), (4, 33, 1)]
)
def test_a_request_is_of_few_steps_and_of_one_sequence_at_least(chunk, steps, wanted):
    assert sequences_a_request(chunk, steps) == wanted


def test_what_is_timed_are_single_steps(device, subject, tmp_path):
    steps = Feed({"x": X[:2, 9], "state": FIRST[:2]}, tmp_path / "steps")
    rolled = feed(tmp_path, steps)
    assert rolled.timed() is steps
    assert (len(rolled), rolled.steps, len(steps)) == (7, 300, 2)
    with Client(device, tmp_path / "log") as client:
        client.request("open", 60, runtime="onnxruntime", path=str(subject.path), threads=1,
                       options={})  # fmt: skip
        give(device, client, rolled, subject, 60)
        assert len(client.request("block", 60, count=5).t_ns) == 5


def test_sequences_are_not_timed_as_if_they_were_steps(tmp_path):
    with pytest.raises(ValueError, match="sequences are not timed"):
        feed(tmp_path).timed()


def test_files_have_the_artifacts_layout_step_by_step(tmp_path):
    """A window [4, 1] of the source as [1, 4] int8 of the artifact."""
    form = {"permute": (1, 0), "scale": 0.05, "zero_point": 1}
    inputs = (
        Binding(source="x", name="x", index=1, dtype="int8", shape=(1, 4), **form),
        Binding(source="h", name="h", index=0, dtype="int8", shape=(8,), scale=0.1, zero_point=0),
    )
    x = recurrent.sequences(2, 3)[..., None]
    rolled = Feed({"x": x, "h": np.zeros((2, 1, 8), np.float32)}, tmp_path / "f", {"h2": "h"})
    states, values = (np.load(path) for path in rolled.files(inputs))
    assert (states.shape, values.shape) == ((2, 8), (2, 3, 1, 4))
    wanted = np.clip(np.round(x / 0.05) + 1, -128, 127).astype(np.int8)
    assert np.array_equal(values, wanted.swapaxes(2, 3))
    assert rolled.shape_of("x") == (4, 1)
    assert rolled.shape_of("h") == (1, 8)


def test_a_runner_that_fails_within_a_sequence_says_so(device, subject, tmp_path):
    """A state that comes back larger than it goes in."""
    inputs = (subject.inputs[0], bound(1, "state", recurrent.HIDDEN))
    outputs = (bound(1, "y", 1), bound(0, "stateN", recurrent.HIDDEN))
    crossed = Subject(
        key="crossed", title="crossed", runtime="onnxruntime", path=subject.path, threads=1,
        inputs=inputs, outputs=outputs,
    )  # fmt: skip
    with pytest.raises(RunnerFailed, match=r"the state state is \[1, 8\] and comes back as"):
        answer(device, crossed, feed(tmp_path), {"y": (1, 1)}, tmp_path / "log", 60)


def test_a_plain_feed_has_no_steps(tmp_path):
    plain = Feed({"x": X[:, 0]}, tmp_path / "plain")
    assert plain.timed() is plain
    assert (plain.steps, plain.states) == (1, {})
    assert math.prod(plain.shape_of("x")) == recurrent.SIZE
