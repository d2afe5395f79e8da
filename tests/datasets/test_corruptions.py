"""Corruptions: the same for the same seed, within the values seen, and doing what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgeopt.datasets.corruptions import (
    CORRUPTIONS,
    LEVELS,
    applicable,
    corrupt,
    corruptible,
    pixel_axes,
)
from edgeopt.datasets.pixels import Pixels
from edgeopt.decoding.preparation import Preparation

RNG = np.random.default_rng(0)
PHOTOS = RNG.random((3, 1, 3, 16, 20), np.float32)
KINDS = [(name, level) for name in CORRUPTIONS for level in LEVELS]


@pytest.mark.parametrize(("name", "level"), KINDS)
def test_the_same_seed_gives_the_same_and_the_input_is_left_alone(name, level):
    before = PHOTOS.copy()
    first = corrupt({"x": PHOTOS}, name, level, 7)["x"]
    assert (before == PHOTOS).all()
    assert (first == corrupt({"x": PHOTOS}, name, level, 7)["x"]).all()
    assert (first != PHOTOS).any()
    assert (first.dtype, first.shape) == (PHOTOS.dtype, PHOTOS.shape)
    noise = corrupt({"x": PHOTOS}, name, level, 8)["x"]
    assert (noise != first).any() == (name == "noise")


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_strong_is_farther_off_than_mild(name):
    errors = [
        np.square(corrupt({"x": PHOTOS}, name, level, 0)["x"] - PHOTOS).mean() for level in LEVELS
    ]
    assert errors[0] < errors[1]


@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 3), st.integers(2, 9), st.integers(5, 9)),
        elements=st.floats(-100, 100, width=32),
    ),
    st.sampled_from(KINDS),
)
def test_what_is_made_stays_within_the_values_seen(values, kind):
    made = corrupt({"x": values}, *kind, seed=0)["x"]
    assert values.min() <= made.min()
    assert made.max() <= values.max()


def test_a_blur_keeps_the_mean_and_takes_the_edges():
    edge = np.zeros((1, 1, 3, 32, 32), np.float32)
    edge[..., 16:] = 1
    made = corrupt({"x": edge}, "blur", "strong", 0)["x"]
    assert made.mean() == pytest.approx(0.5, abs=1e-6)
    assert np.abs(np.diff(made[0, 0, 0, 10])).max() < 0.3
    assert (made[0, 0, 0] == made[0, 0, 0, :1]).all()  # nothing along the other axis
    # A flat picture stays flat: the border's last pixel goes on.
    flat = np.full((1, 8, 8, 3), 0.25, np.float32)
    flat[0, 0, 0] = [0, 1, 0.25]
    assert corrupt({"x": flat}, "blur", "mild", 0)["x"][0, 6, 6] == pytest.approx(0.25)


def test_noise_and_brightness_are_in_standard_deviations():
    wide = RNG.normal(size=(200, 50)).astype(np.float32)
    noise = corrupt({"x": wide}, "noise", "mild", 0)["x"] - wide
    assert noise.std() == pytest.approx(0.1, rel=0.05)
    shift = corrupt({"x": wide}, "brightness", "mild", 0)["x"] - wide
    assert np.median(shift) == pytest.approx(0.25, rel=0.02)
    assert corrupt({"x": wide}, "gain", "strong", 0)["x"] == pytest.approx(wide / 2)


def test_bytes_stay_bytes_and_numbers_of_things_stay_as_they_are():
    inputs = {
        "photo": RNG.integers(0, 256, (2, 8, 8, 3)).astype(np.uint8),
        "tokens": RNG.integers(0, 1000, (2, 16)),
        "rate": np.full((2, 1), 16000.0, np.float32),
        "mask": np.ones((2, 4), bool),
        "state": np.zeros((2, 2, 128), np.float32),
    }
    made = corrupt(inputs, "noise", "strong", 0)
    assert made["photo"].dtype == np.uint8
    assert (made["photo"] != inputs["photo"]).mean() > 0.5
    for name in ("tokens", "rate", "mask", "state"):  # a state of zeros has no spread
        assert (made[name] == inputs[name]).all()
    assert [name for name, array in inputs.items() if corruptible(array)] == ["photo", "state"]


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((5, 1, 3, 16, 20), (3, 4)), ((5, 3, 16, 20), (2, 3)), ((5, 1, 16, 20, 3), (2, 3)),
        ((5, 16, 20), (1, 2)), ((5, 16, 20, 1), (1, 2)), ((5, 1, 1, 8, 8), (3, 4)),
        ((5, 16000), None), ((5, 1, 64), None), ((5, 16, 16, 16), None), ((5, 13, 2, 30), None),
    ],
)  # fmt: skip
def test_where_the_pixels_are(shape, axes):
    assert pixel_axes(shape) == axes


def test_what_applies_to_which_inputs():
    assert applicable({"x": PHOTOS}) == ("noise", "blur", "brightness", "gain")
    assert applicable({"x": np.zeros((3, 16000), np.float32)}) == ("noise", "brightness", "gain")
    assert applicable({"x": np.zeros((3, 16), np.int64)}) == ()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_images_of_bytes_stay_bytes_and_have_the_values_of_floats(name):
    form = Preparation("stretch", (12, 16), (127.5,) * 3, (1 / 127.5,) * 3)
    kept = Pixels.of(form, (12, 16), 3, 5)
    for i in range(5):
        kept.put(i, RNG.integers(0, 256, (12, 16, 3)).astype(np.uint8), (0, 0))
    [made] = corrupt({"x": kept}, name, "strong", 3).values()
    [floats] = corrupt({"x": np.asarray(kept)}, name, "strong", 3).values()
    assert isinstance(made, Pixels)
    assert made.stored is kept.stored
    assert (made.shape, made.dtype) == (floats.shape, floats.dtype)
    np.testing.assert_array_equal(np.asarray(made[2:]), np.asarray(made)[2:])
    if name == "noise":  # drawn by each image's content: of the same size, at other places
        clean = np.asarray(kept)
        own, other = (np.std(one - clean) for one in (np.asarray(made), floats))
        assert own == pytest.approx(other, rel=0.05)
        first, second = (np.asarray(made)[i].ravel() for i in (0, 1))
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.3
    else:
        np.testing.assert_allclose(np.asarray(made), floats, atol=1e-6)
