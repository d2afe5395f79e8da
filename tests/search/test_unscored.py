"""What counts where the inputs were random: forms in floats, not what may lose something."""

import pytest

from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.domain.record import Record
from edgeopt.domain.run import Constraints
from edgeopt.report import shortfall_words
from edgeopt.search import choose

LIMITS = Constraints(max_size_bytes=1000)


def record(precision, size=100, **changes):
    return Record(
        target="t", device="local", runtime="openvino", precision=precision, recipe_id=precision,
        recipe=None, status="ok", step=None, size_bytes=size, random_inputs=True, **changes,
    )  # fmt: skip


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16", "as-is"])
def test_floats_and_the_file_as_it_is_count(precision):
    assert choose.qualifies(record(precision), LIMITS)


@pytest.mark.parametrize("precision", ["int8-dynamic", "int8-weights", "fp16-2to4"])
def test_what_may_lose_something_does_not(precision):
    [one] = choose.shortfalls(record(precision), LIMITS)
    assert one.kind == "no-score"


def test_ranges_of_random_inputs_are_their_own_reason():
    [one] = choose.shortfalls(record("int8-static", latency_only=True), LIMITS)
    assert one.kind == "latency-only"
    assert "timed only" in shortfall_words.clause(one)


def test_other_limits_hold_all_the_same():
    assert [one.kind for one in choose.shortfalls(record("fp32", size=2000), LIMITS)] == ["size"]


def quantized(**how):
    quantization = Quantization(library="nncf", **how)
    return Recipe(runtime="openvino", precision="int8-static", quantization=quantization)


@pytest.mark.parametrize(
    ("how", "calibrated"),
    [
        ({"calibration": "min-max"}, True),
        ({"bias_correction": "fast"}, True),
        ({"smooth_quant": True}, True),
        ({}, False),
        ({"weight_bits": 4}, False),
    ],
)
def test_a_recipe_says_whether_samples_made_its_numbers(how, calibrated):
    assert quantized(**how).is_calibrated is calibrated
    assert not Recipe(runtime="openvino", precision="fp32").is_calibrated
