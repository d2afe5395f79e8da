import numpy as np
import pytest

from edgeopt.decoding import rolling


def leaky(inputs):
    """A sum that forgets a half at each step; its answers share a buffer, as runtimes have it."""
    leaky.buffer[...] = inputs["state"] / 2 + inputs["x"].sum()
    return {"next": leaky.buffer, "y": leaky.buffer * 10}


leaky.buffer = np.zeros(1)


def test_states_go_back_and_answers_are_kept():
    sequence = [{"x": np.array([float(i)])} for i in range(5)]
    found, state = rolling.roll(leaky, sequence, {"next": "state"}, {"state": np.zeros(1)})
    wanted, value = [], 0.0
    for i in range(5):
        value = value / 2 + i
        wanted.append([10 * value])
    assert found.keys() == {"y"}
    assert found["y"].tolist() == wanted
    assert state["state"].tolist() == [value]


def test_a_sequence_in_two_halves_is_the_whole():
    sequence = [{"x": np.array([float(i)])} for i in range(6)]
    pairs = {"next": "state"}
    whole, end = rolling.roll(leaky, sequence, pairs, {"state": np.zeros(1)})
    first, state = rolling.roll(leaky, sequence[:2], pairs, {"state": np.zeros(1)})
    second, state = rolling.roll(leaky, sequence[2:], pairs, state)
    np.testing.assert_array_equal(np.concatenate([first["y"], second["y"]]), whole["y"])
    assert state["state"] == end["state"]


def test_frames_and_zeros():
    assert rolling.frames(np.arange(7), 3).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert rolling.frames(np.arange(7), 3, overlap=1).tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    found = rolling.zeros({"h": ("float32", (2, None, 4))})
    assert (found["h"].shape, found["h"].dtype) == ((2, 1, 4), np.float32)


def test_what_is_too_short_or_missing():
    with pytest.raises(
        rolling.TooShort, match="a sequence of 2 values is shorter than a step of 3"
    ):
        rolling.frames(np.arange(2), 3)
    with pytest.raises(rolling.TooShort, match="0 steps"):
        rolling.roll(leaky, [], {}, {})
    with pytest.raises(ValueError, match="no first value of the states state"):
        rolling.roll(leaky, [{}], {"next": "state"}, {})
    given = {"x": np.zeros(1), "state": np.zeros(2)}
    with pytest.raises(ValueError, match=r"the state state is \[2\] and comes back as \[1\]"):
        rolling.roll(lambda _: {"next": np.zeros(1)}, [given], {"next": "state"}, given)
