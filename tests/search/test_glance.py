"""The order of a first look, and what it leaves to the next call."""

from msgspec.structs import replace

from edgeopt.domain.recipe import Quantization, Recipe
from edgeopt.report import obstacle_words
from edgeopt.search.glance import glanced
from edgeopt.search.space import Space
from edgeopt.sources.source import Source

STATIC = Quantization(library="nncf", calibration="min-max")
SOURCE = Source(
    path="m.onnx", format="onnx", sha256="", size_bytes=1, inputs=(), outputs=(), operators={},
    onnx="m.onnx", reference_runtime="onnxruntime", reference_path="m.onnx",
)  # fmt: skip
#: As a profile may have them: fast int8 first.
WHOLE = Space(
    (
        Recipe(runtime="openvino", precision="int8-static", quantization=STATIC, threads=2),
        Recipe(runtime="openvino", precision="int8-static", quantization=STATIC, threads=1),
        Recipe(
            runtime="openvino", precision="int8-static", quantization=replace(STATIC, tail="float")
        ),
        Recipe(runtime="openvino", precision="bf16"),
        Recipe(runtime="litert", precision="fp32", threads=2),
        Recipe(runtime="litert", precision="fp32", threads=1),
        Recipe(runtime="onnxruntime", precision="int8-weights", quantization=STATIC),
        Recipe(runtime="onnxruntime", precision="fp32", threads=2),
        Recipe(runtime="openvino", precision="fp32"),
    ),
    (),
)


def pairs(space):
    return list(dict.fromkeys((one.runtime, one.precision) for one in space.recipes))


def test_the_baseline_comes_first_then_floats_then_what_int8_could_give():
    assert pairs(glanced(WHOLE, SOURCE, ())) == [
        ("onnxruntime", "fp32"), ("litert", "fp32"), ("openvino", "fp32"), ("openvino", "bf16"),
        ("openvino", "int8-static"), ("onnxruntime", "int8-weights"),
    ]  # fmt: skip


def test_one_way_to_choose_integers_is_enough_with_all_its_threads():
    static = [one for one in glanced(WHOLE, SOURCE, ()).recipes if one.precision == "int8-static"]
    assert [one.threads for one in static] == [2, 1]
    assert {one.quantization.tail for one in static} == {"integer"}


def test_a_runtime_whose_tool_is_not_set_up_is_left_to_the_next_call():
    space = glanced(WHOLE, SOURCE, ("litert",))
    assert "litert" not in {one.runtime for one in space.recipes}
    [left] = space.left_out
    assert (left.runtime, left.precision, left.why.kind) == ("litert", "fp32", "later")
    assert "onnx2tf" in obstacle_words.reason(left.why)
    assert "optimize" in obstacle_words.hint(left.why)


def test_sources_that_do_not_need_that_tool_keep_the_runtime():
    for form in ("exported", "saved_model", "tflite"):
        space = glanced(WHOLE, replace(SOURCE, **{form: "there"}), ("litert",))
        assert ("litert", "fp32") in pairs(space)
        assert space.left_out == ()
