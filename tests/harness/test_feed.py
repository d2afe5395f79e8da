"""Samples as files, in the form that an artifact takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeopt.domain.tensor import Binding
from edgeopt.harness.feed import Feed, as_source, fields
from edgeopt.runtimes.binding import from_artifact, to_artifact


def binding(source, index=0, dtype="float32", shape=(2,), **form):
    return Binding(source=source, name=source, index=index, dtype=dtype, shape=shape, **form)


@pytest.fixture
def feed(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "image": rng.normal(size=(6, 1, 3, 4, 4)).astype(np.float32),
        "ids": rng.integers(0, 100, (6, 1, 5)),
    }
    return Feed(arrays, tmp_path / "feed")


IMAGE = {"shape": (1, 3, 4, 4)}
LAST = {"shape": (1, 4, 4, 3), "permute": (0, 2, 3, 1)}


def test_files_are_in_the_order_of_the_session(feed):
    ids, image = binding("ids", 1, "int64", (1, 5)), binding("image", 0, **IMAGE)
    assert len(feed) == 6
    files = feed.files((ids, image))
    assert [np.load(file).shape for file in files] == [(6, 1, 3, 4, 4), (6, 1, 5)]
    assert [np.load(file).dtype.name for file in files] == ["float32", "int64"]


def test_a_form_is_written_once_and_shared(feed, tmp_path):
    first = feed.files((binding("image", **IMAGE),))
    again = feed.files((binding("image", **IMAGE),))
    other = feed.files((binding("image", **LAST),))
    quantized = feed.files((binding("image", dtype="int8", scale=0.1, zero_point=0, **LAST),))
    assert first == again
    assert len({*first, *other, *quantized}) == 3
    assert len(list((tmp_path / "feed").iterdir())) == 3


def test_channels_go_last(feed):
    (plain,), (last,) = (feed.files((binding("image", **form),)) for form in (IMAGE, LAST))
    assert np.array_equal(np.moveaxis(np.load(plain), 2, 4), np.load(last))
    assert np.load(last).flags.c_contiguous


def test_integers_are_rounded_and_held_to_their_range():
    form = fields(binding("x", dtype="int8", shape=(6,), scale=0.5, zero_point=-3))
    given_ = np.float32([[0, 0.24, 0.26, -100, 100, -1]])
    assert to_artifact(given_, form).tolist() == [[-3, -3, -2, -128, 127, -5]]
    assert to_artifact(given_, form).dtype == np.int8


def test_axes_of_length_one_come_and_go():
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert as_source(array, binding("y", shape=(4,)), (1, 4, 1)).shape == (3, 1, 4, 1)


@given(
    permute=st.permutations([0, 1, 2, 3]),
    scale=st.none() | st.floats(0.01, 1.0),
    zero_point=st.integers(-20, 20),
    n=st.integers(1, 4),
)
def test_there_and_back_again(permute, scale, zero_point, n):
    source = np.random.default_rng(n).uniform(-1, 1, (n, 2, 3, 4, 5)).astype(np.float32)
    shape = tuple((2, 3, 4, 5)[axis] for axis in permute)
    form = fields(
        binding(
            "x",
            dtype="int16" if scale else "float32",
            shape=shape,
            permute=tuple(permute),
            scale=scale,
            zero_point=zero_point if scale else None,
        )
    )
    there = to_artifact(source, form)
    assert there.shape == (n, *shape)
    back = from_artifact(there, form)
    assert back.shape == source.shape
    assert np.abs(back - source).max() <= (scale or 0) * 0.501
