"""A session rolled over sequences in its own numbers."""

import numpy as np
import pytest

from edgeopt.runner import rolled
from edgeopt.runtimes.binding import from_artifact, to_artifact

FLOATS = {"source": "h", "dtype": "float32", "permute": None, "scale": None, "zero_point": None}


class Leaky:
    """y = x + state; the state forgets a half. In whatever numbers the forms say.

    Attributes:
        fed: the states as they came in.
    """

    def __init__(self, x, state, y, following):
        self.forms = x, state, y, following
        self.fed = []

    def run(self, arrays):
        x, state = (
            from_artifact(a[None], f)[0] for a, f in zip(arrays, self.forms[:2], strict=True)
        )
        if self.forms[1]["permute"]:
            state = state.reshape(-1)
        self.fed.append(arrays[1].copy())
        following = state / 2 + x
        if self.forms[3]["permute"]:
            following = following.reshape(1, 1, -1)
        return [
            to_artifact(value[None].astype(np.float32), form)[0]
            for value, form in zip((x + state, following), self.forms[2:], strict=True)
        ]


def form(index, shape=(2,), **fields):
    return {"index": index, "shape": list(shape), **FLOATS, **fields}


def int8(index, scale, zero_point, shape=(2,)):
    return form(index, shape, dtype="int8", scale=scale, zero_point=zero_point)


def states_of(session, shape=(2,)):
    _, state, _, following = session.forms
    return [rolled.Carried(following, state, list(shape))]


def expected(x, state):
    answers = []
    for each in x:
        answers.append(each + state)
        state = state / 2 + each
    return np.stack(answers), state


def test_each_sequence_begins_with_its_own_state_and_carries_it():
    session = Leaky(form(0), form(1), form(0), form(1))
    x = np.random.default_rng(0).normal(size=(3, 5, 2)).astype(np.float32)
    first = np.array([[0, 0], [1, 2], [3, 4]], np.float32)
    [answers] = rolled.roll(session, [x, first], states_of(session), [0], 1, 2, 5, [])
    assert answers.shape == (2, 5, 2)
    wanted = [expected(x[i], first[i])[0] for i in (1, 2)]
    np.testing.assert_allclose(answers, wanted, rtol=1e-6)


def test_states_before_steps_are_kept_as_they_are_fed():
    session = Leaky(form(0), form(1), form(0), form(1))
    x = np.ones((2, 4, 2), np.float32)
    first = np.zeros((2, 2), np.float32)
    [kept] = rolled.roll(session, [x, first], states_of(session), [], 0, 2, 4, [[0, 3], [1, 2]])
    assert kept[:, :, 0].tolist() == [[0.0, 1.75], [1.0, 1.5]]


def test_an_int8_state_is_carried_in_its_own_numbers():
    """The output's scale is not the input's: every int8 is the real value of the other scale."""
    state, following = int8(1, 0.02, -10), int8(1, 0.05, 20)
    session = Leaky(int8(0, 0.02, 3), state, int8(0, 0.05, 0), following)
    x = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 30, 2)).astype(np.float32)
    given = to_artifact(x.reshape(-1, 2), session.forms[0]).reshape(1, 30, 2)
    zeros = to_artifact(np.zeros((1, 2), np.float32), state)
    [answers] = rolled.roll(session, [given, zeros], states_of(session), [0], 0, 1, 30, [])
    found = from_artifact(answers[0], session.forms[2])
    wanted, _ = expected(x[0], np.zeros(2))
    assert answers.dtype == session.fed[-1].dtype == np.int8
    assert np.abs(found - wanted).max() < 0.2
    assert np.abs(found - wanted).max() > 0  # integers round


def test_a_state_of_one_form_goes_on_as_it_is():
    """Requantized by floats a value could move; where scale and zero point are one it does not."""
    same = int8(1, 0.013, 7)
    carried = rolled.Carried(same, {**same, "index": 2}, [256])
    values = np.arange(-128, 128).astype(np.int8)
    carried._to["shape"] = carried._from["shape"] = [256]
    assert np.array_equal(carried.following(values), values)
    assert carried.following(values) is not values


@pytest.mark.parametrize("there", ["from", "into", "both"])
def test_a_state_in_another_layout_is_turned(there):
    """[1, 2, 3] of the source as [1, 3, 2] of the artifact, where it leaves or where it goes in."""
    plain, turned = form(1, (1, 2, 3)), form(1, (1, 3, 2), permute=[0, 2, 1])
    output = turned if there in ("from", "both") else plain
    into = turned if there in ("into", "both") else plain
    value = np.arange(6, dtype=np.float32).reshape(output["shape"])
    source = value.transpose(0, 2, 1) if there in ("from", "both") else value
    wanted = source.transpose(0, 2, 1) if there in ("into", "both") else source
    carried = rolled.Carried(output, into, [1, 2, 3])
    assert np.array_equal(carried.following(value), wanted)
    assert carried.following(value).flags.c_contiguous


def test_float16_and_a_missing_axis_of_one_are_carried():
    carried = rolled.Carried(form(0, (3,), dtype="float16"), form(1, (1, 3)), [1, 3])
    found = carried.following(np.array([1, 2, 3], np.float16))
    assert (found.dtype, found.tolist()) == (np.float32, [[1.0, 2.0, 3.0]])


class Growing:
    """Answers with one value more at each step."""

    def __init__(self):
        self.count = 0

    def run(self, arrays):
        self.count += 1
        return [np.zeros(self.count), arrays[1]]


def test_an_answer_that_changes_its_shape_is_refused():
    arrays = [np.zeros((1, 3, 2)), np.zeros((1, 2))]
    states = [rolled.Carried(form(1), form(1), [2])]
    with pytest.raises(ValueError, match=r"output 0 has shape \[1\] at the first step and \[2\]"):
        rolled.roll(Growing(), arrays, states, [0], 0, 1, 3, [])


def test_a_state_that_grows_is_refused():
    class Cache:
        def run(self, arrays):
            return [arrays[0], np.zeros((1, len(arrays[1][0]) + 1))]

    one = form(1, (1, 2))
    states = [rolled.Carried({**one, "shape": [1, 3]}, one, [1, 2])]
    with pytest.raises(ValueError, match=r"the state h is \[1, 2\] and comes back as \[1, 3\]"):
        rolled.roll(Cache(), [np.zeros((1, 3, 2)), np.zeros((1, 1, 2))], states, [0], 0, 1, 3, [])
