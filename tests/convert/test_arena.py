"""What a model's tensors need on a microcontroller."""

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.convert import micro
from edgeopt.convert.arena import ALIGNMENT, Lifetime, lifetimes, planned_bytes

TENSORS = st.lists(
    st.tuples(st.integers(1, 500), st.integers(0, 9), st.integers(0, 9)).map(
        lambda t: Lifetime(t[0] * ALIGNMENT, min(t[1:]), max(t[1:]))
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("tensors", "size_bytes"),
    [
        ([], 0),
        ([Lifetime(1, 0, 0)], 16),
        ([Lifetime(100, 0, 1), Lifetime(50, 1, 2)], 112 + 64),  # both at place 1
        ([Lifetime(100, 0, 0), Lifetime(50, 1, 2)], 112),
        # The last one fits into the hole that the first leaves.
        ([Lifetime(64, 0, 1), Lifetime(96, 0, 3), Lifetime(64, 2, 3)], 96 + 64),
    ],
)
def test_the_plan(tensors, size_bytes):
    assert planned_bytes(tensors) == size_bytes


@given(TENSORS)
def test_a_plan_is_between_what_lives_at_once_and_everything(tensors):
    at_once = [sum(t.size_bytes for t in tensors if t.first <= i <= t.last) for i in range(10)]
    assert max(at_once) <= planned_bytes(tensors) <= sum(t.size_bytes for t in tensors)


@given(TENSORS)
def test_without_an_overlap_the_largest_decides(tensors):
    apart = [Lifetime(t.size_bytes, i, i) for i, t in enumerate(tensors)]
    assert planned_bytes(apart) == max((t.size_bytes for t in tensors), default=0)


def test_lifetimes():
    operators = [
        {"inputs": [0, 7], "outputs": [1]},  # 7 is a constant
        {"inputs": [1, -1], "outputs": [2]},
        {"inputs": [0, 2], "outputs": [3, 4]},
    ]
    sizes = {0: 10, 1: 20, 2: 30, 3: 40, 4: 50, 7: 999}
    assert lifetimes(operators, sizes, [0], [1, 3]) == [
        Lifetime(10, 0, 2),
        Lifetime(20, 0, 2),  # an output stays to the end
        Lifetime(30, 1, 2),
        Lifetime(40, 2, 2),
        Lifetime(50, 2, 2),
    ]


@pytest.mark.slow
def test_an_integer_model_says_what_it_needs(bench):
    """Its input is a part of it; what is not integer says nothing."""
    made, place = bench.make("conv", "litert", "int8-static")
    needed = next(note for note in made.notes if "bytes of arena" in note)
    size_bytes = int(needed.partition("at least ")[2].split()[0])
    [shape] = [binding.shape for binding in made.inputs if len(binding.shape) == 4]
    assert size_bytes >= shape[1] * shape[2] * shape[3]
    assert size_bytes < 100_000
    told = micro.note(str(place / made.main))
    assert bool(told) == (importlib.util.find_spec("tflite_micro") is not None)
    assert bench.make("conv", "litert", "fp32")[0].notes == ()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("tflite_micro") is None, reason="needs edgeopt[micro]")
def test_the_interpreter_refuses_in_words(tmp_path):
    (tmp_path / "none.tflite").write_bytes(b"no model")
    assert micro.note(str(tmp_path / "none.tflite")).startswith("TensorFlow Lite Micro does not")
