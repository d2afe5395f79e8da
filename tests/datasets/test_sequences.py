"""Sequences as a model with a memory takes them."""

import numpy as np
import pytest

from edgeopt.datasets import sequences
from edgeopt.datasets.check import check, constant_inputs
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec

X = TensorSpec(name="x", dtype="float32", shape=(1, 16))
RATE = TensorSpec(name="sr", dtype="int64", shape=())
STATE = TensorSpec(name="h", dtype="float32", shape=(2, 1, 8))
SPECS = (X, STATE, RATE)


def data(**arrays):
    given = {"x": np.ones((5, 7, 16)), "sr": np.full(5, 16000), **arrays}
    return Samples({name: array for name, array in given.items() if array is not None})


def checked(**arrays):
    return check(data(**arrays), SPECS, "clips.npz", states=["h"])


@pytest.mark.parametrize("shape", [(5, 7, 16), (5, 7, 1, 16)])
def test_steps_come_with_the_batch_axis_or_without(shape):
    found = checked(x=np.zeros(shape))
    assert {name: array.shape for name, array in found.inputs.items()} == {
        "x": (5, 7, 1, 16), "h": (5, 2, 1, 8), "sr": (5, 7),
    }  # fmt: skip
    assert list(found.inputs) == ["x", "h", "sr"]
    assert (found.steps, len(found)) == (7, 5)
    assert not found.inputs["h"].any()


def test_the_data_may_say_what_a_sequence_begins_with():
    first = np.random.default_rng(0).normal(size=(5, 2, 1, 8)).astype(np.float32)
    found = checked(h=first, sr=np.full((5, 7), 8000))
    assert np.array_equal(found.inputs["h"], first)
    assert found.inputs["sr"].tolist() == [[8000] * 7] * 5


def test_order_and_values_of_the_steps_are_kept():
    x = np.arange(5 * 7 * 16, dtype=np.float32).reshape(5, 7, 16)
    assert np.array_equal(checked(x=x).inputs["x"][:, :, 0], x)


def test_one_array_fits_the_one_input_that_is_no_state():
    found = check(Samples({"audio": np.zeros((3, 4, 16))}), (X, STATE), "clips.npz", states=["h"])
    assert found.inputs["x"].shape == (3, 4, 1, 16)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((5, 10))}, "have 10 values .* a step takes 16: .*shorter than a step"),
        ({"x": np.zeros((5, 160))}, r"has shape \[5, 160\], but the model takes \[n, steps, 16\]"),
        ({"x": np.zeros((5, 16))}, r"'x' holds single steps: \[5, 16\]"),
        ({"x": np.zeros((5, 1, 16))}, r"'x' holds single steps: \[5, 1, 16\]"),
        ({"x": np.zeros((5, 0, 16))}, "the sequences have no steps"),
        ({"x": np.zeros((5, 7, 3, 16))}, r"has shape \[5, 7, 3, 16\], but the model takes"),
        ({"sr": np.zeros((5, 6), int)}, "different numbers of steps: 'x' has 7, 'sr' has 6"),
        ({"h": np.zeros((5, 1, 2, 8))}, r"'h' has shape \[5, 1, 2, 8\]"),
        ({"h": np.zeros((5, 7, 2, 1, 8))}, r"'h' has shape \[5, 7, 2, 1, 8\]"),
        ({"h": np.zeros((4, 2, 1, 8))}, "different numbers of samples"),
        ({"x": np.full((5, 7, 16), np.nan)}, "NaN"),
        ({"x": np.zeros((5, 7, 16), np.uint8)}, "holds uint8"),
        ({"x": None}, "input 'x' missing"),
    ],
)
def test_what_does_not_fit_is_said(arrays, words):
    with pytest.raises(BadInput, match=f"clips.npz: .*{words}"):
        checked(**arrays)


def test_a_recording_is_told_how_to_be_cut():
    with pytest.raises(BadInput) as caught:
        checked(x=np.zeros((5, 170)))
    assert "into steps of 16: that is 10 of them, array[:, : 160].reshape(n, 10, 16)" in (
        caught.value.hint
    )


def test_of_a_state_in_another_shape_the_hint_says_what_it_is():
    with pytest.raises(BadInput) as caught:
        checked(h=np.zeros((5, 8)))
    assert (
        caught.value.hint == "'h' is a state: give what each sequence begins with, or leave it out."
    )


@pytest.mark.parametrize(
    ("array", "shape", "wanted"),
    [
        ((9, 512), (1, 512), False),
        ((9, 1, 512), (1, 512), False),
        ((9, 4, 512), (1, 512), True),
        ((9, 4, 1, 512), (1, 512), True),
        ((9, 4, 512), ("batch", "time"), True),
        ((9, 512), ("batch", "time"), False),
        ((9, 4), (), True),
        ((9,), (), False),
        ((9, 4), (1,), True),
        ((9, 10, 40), (1, 10, 40), False),
        ((9, 6, 10, 40), (1, 10, 40), True),
        ((9, 6, 10, 40), (10, 1, 40), True),
        ((9, 10, 40), (10, 1, 40), False),
        ((9, 6, 40), None, True),
        ((9, 40), None, False),
    ],
)
def test_steps_are_told_from_a_single_step(array, shape, wanted):
    assert sequences.has_steps(np.zeros(array), shape) is wanted


def test_a_single_step_of_each_sequence():
    stated = {"x": (1, 16), "h": (2, "batch", 8), "sr": ()}
    x = np.arange(5 * 7 * 16).reshape(5, 7, 16)
    found = sequences.single({"x": x, "sr": np.full(5, 16000)}, stated, ["h"])
    assert np.array_equal(found["x"], x[:, 3])
    assert (found["h"].shape, found["sr"].shape) == ((5, 2, 1, 8), (5,))


def test_a_state_with_two_open_axes_is_not_guessed():
    stated = {"x": (1, 16), "cache": ("batch", "past", 8)}
    assert "cache" not in sequences.single({"x": np.zeros((5, 7, 16))}, stated, ["cache"])


def test_states_are_zeros_without_a_warning():
    found = checked(x=np.random.default_rng(0).normal(size=(5, 7, 16)))
    assert constant_inputs(found, ["h"]) == ()
    assert len(constant_inputs(found)) == 1


def test_the_middle_steps_of_the_first_sequences():
    found = checked(x=np.arange(5 * 7 * 16, dtype=np.float32).reshape(5, 7, 16))
    few = sequences.middle(found.inputs, found.steps, ["h"], 2)
    assert {name: array.shape for name, array in few.items()} == {
        "x": (2, 1, 16), "h": (2, 2, 1, 8), "sr": (2,),
    }  # fmt: skip
    assert np.array_equal(few["x"], found.inputs["x"][:2, 3])
