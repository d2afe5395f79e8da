"""What a library does not have is refused in words; what is tried, each library has."""

import pytest
from msgspec.structs import replace

from benchmarks.integers import usual_here
from edgeopt import convert, runtimes
from edgeopt.convert.algorithms import refusal, require
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.search.alternatives import other_integers

RUNTIMES = {"ai-edge-quantizer": "litert", "onnxruntime": "onnxruntime", "nncf": "openvino"}


def recipe(library, precision="int8-static", **settings):
    return Recipe(
        runtime=RUNTIMES[library],
        precision=precision,
        quantization=Quantization(library=library, **settings),
    )


@pytest.mark.parametrize("runtime", convert.CONVERTERS)
def test_usual_settings_and_their_alternatives_are_had(runtime):
    for precision in runtimes.spec(runtime).precisions:
        usual = usual_here(runtime, precision)
        forms = [usual, *(other_integers(usual) if precision == "int8-static" else ())]
        for quantization in forms:
            made = Recipe(runtime=runtime, precision=precision, quantization=quantization)
            assert refusal(made) == ""


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        (recipe("ai-edge-quantizer", calibration="percentile"), "moving average"),
        (recipe("ai-edge-quantizer", calibration="entropy"), "calibration"),
        (recipe("ai-edge-quantizer", activations="symmetric"), "zero point"),
        (recipe("ai-edge-quantizer", smooth_quant=True), "SmoothQuant"),
        (recipe("ai-edge-quantizer", bias_correction="full"), "full"),
        (recipe("onnxruntime", calibration="mse"), "calibration"),
        (recipe("onnxruntime", activation_bits=16), "16-bit"),
        (recipe("onnxruntime", smooth_quant=True), "neural-compressor"),
        (recipe("onnxruntime", channel_alignment=True), "alignment"),
        (recipe("onnxruntime", "int8-weights", weight_bits=4), "4-bit"),
        (recipe("nncf", calibration="entropy"), "calibration"),
        (recipe("nncf", activation_bits=16), "16-bit"),
        (recipe("nncf", "int8-weights", bias_correction="fast"), "int8-static"),
        (recipe("ai-edge-quantizer", "int8-dynamic", exceptions=("1",)), "int8-static"),
        (recipe("ai-edge-quantizer", weight_bits=4), "int8-weights"),
    ],
)
def test_what_is_not_had_is_refused_in_words(asked, word):
    with pytest.raises(EdgeoptError, match=word):
        require(asked)


def test_sixteen_bits_may_be_symmetric():
    asked = recipe("ai-edge-quantizer", activations="symmetric", activation_bits=16)
    assert refusal(asked) == ""


def test_a_setting_is_part_of_the_identity_and_of_the_title():
    plain = recipe("onnxruntime", calibration="min-max")
    changes = [
        {"calibration": "percentile"}, {"granularity": "per-tensor"},
        {"activations": "symmetric"}, {"activation_bits": 16}, {"weight_bits": 4},
        {"bias_correction": "fast"}, {"smooth_quant": True}, {"channel_alignment": True},
        {"overflow_fix": True}, {"exceptions": ("4-9",)},
    ]  # fmt: skip
    made = [
        plain,
        *(replace(plain, quantization=replace(plain.quantization, **c)) for c in changes),
    ]
    assert len({one.conversion_id for one in made}) == len(made)
    assert len({str(one) for one in made}) == len(made)
