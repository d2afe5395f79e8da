"""Answers that end at the largest number of a narrower float are told so, not as constant."""

import numpy as np
import pytest

from edgeopt.domain.errors import StepFailed
from edgeopt.pipeline.parity_check import parity
from edgeopt.pipeline.saturation import saturated

RNG = np.random.default_rng(0)
HALF, SINGLE = 65504.0, float(np.finfo(np.float32).max)
BRAIN = float(np.uint32(0x7F7F0000).view(np.float32))  # the upper half of a float's bits


def refusal(precision, own, theirs):
    with pytest.raises(StepFailed) as caught:
        parity(precision, {"y": own}, {"y": theirs})
    return caught.value


@pytest.mark.parametrize(
    ("largest", "size", "words"),
    [
        (SINGLE, 1e199, "ended at 3.40282e+38, the largest of 32-bit floats, where the source's"),
        (BRAIN, 1e199, "ended at 3.38953e+38, the largest of bfloat16 floats, where the source's"),
        (HALF, 3e5, "ended at 65504, the largest of half-precision floats, where the source's"),
    ],
)
def test_the_end_of_a_format_is_told_as_that(largest, size, words):
    """The runtime answers what fits and clips the rest, with its sign."""
    theirs = size * RNG.uniform(1.0, 1.001, size=(6, 1, 4)) * np.array([1, -1, 1, -1])
    error = refusal("fp32", np.clip(theirs, -largest, largest), theirs)
    assert error.reason.startswith("output 'y': 24 values " + words)
    assert error.hint == "This form computes in narrower floats than the source."


def test_bfloat16_ends_nowhere_near_where_halves_do():
    """Its range is that of 32-bit floats: what is large for a half has not ended in it."""
    theirs = RNG.uniform(1e5, 3e38, size=(6, 1, 4))
    rounded = (theirs.astype(np.float32).view(np.uint32) & 0xFFFF0000).view(np.float32)
    assert saturated("y", rounded, theirs) is None
    parity("bf16", {"y": rounded}, {"y": theirs})


def test_one_channel_that_ends_there_is_counted_alone():
    theirs = RNG.normal(size=(6, 1, 4))
    theirs[:, :, 2] = 1e5 + 1e4 * RNG.random((6, 1))
    error = refusal("fp16", np.clip(theirs, -HALF, HALF), theirs)
    assert error.reason.startswith("output 'y': 6 values ended at 65504")


def test_an_answer_that_is_one_value_is_told_with_it():
    theirs = np.full((6, 1, 4), 0.001, np.float32)
    error = refusal("int8-static", np.zeros_like(theirs), theirs)
    assert error.reason.startswith("its answers are all 0 (the source's: 0.001), 0.0 dB from")
    other = refusal("int8-static", np.full_like(theirs, 0.125), theirs)
    assert "all 0.125 (the source's: 0.001)" in other.reason


def test_a_large_answer_that_fits_has_not_ended():
    theirs = RNG.uniform(1e30, 1e38, size=(6, 1, 4))
    assert saturated("y", theirs.astype(np.float32), theirs) is None
    error = refusal("fp32", np.full_like(theirs, SINGLE), theirs)  # it need not have
    assert "ended" not in error.reason


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (1e5, "Half-precision floats end at 65504."),
        (1e38, "Half-precision floats end at 65504."),
        (1e199, "32-bit floats end at 3.40282e+38."),
    ],
)
def test_an_infinity_is_told_with_the_format_that_ends_below_it(size, told):
    theirs = size * RNG.uniform(1, 2, size=(6, 1, 4))
    own = np.where(theirs > 1.5 * size, np.inf, theirs)
    assert refusal("fp32", own, theirs).hint == told
