import importlib

import msgspec
import pytest

from edgeopt import convert, runtimes, targets
from edgeopt.domain.obstacle import Obstacle, said
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.domain.recipe import Quantization
from edgeopt.domain.target import Cores, Isa, LeftOutRule, Profile, RecipeRule
from edgeopt.domain.tensor import TensorSpec
from edgeopt.report import obstacle_words
from edgeopt.search.space import Space, installed, recipe_space, thread_counts
from edgeopt.search.space import without as space_without
from edgeopt.sources.source import Source

HINT = {"INFERENCE_PRECISION_HINT": "f32"}

module = importlib.import_module("edgeopt.search.space")


def rule(runtime="onnxruntime", precision="fp32", **fields):
    return RecipeRule(runtime=runtime, precision=precision, why="worth a try", **fields)


def profile(*recipes, threads=(1,), left_out=(), big=4, little=0):
    cores = [Cores(model="cortex-a76", count=big, role="big")]
    if little:
        cores.append(Cores(model="cortex-a55", count=little, role="little"))
    return Profile(
        name="board",
        title="Board",
        summary="A board.",
        arch="aarch64",
        os="linux",
        link="local",
        cores=tuple(cores),
        isa=Isa(features=("asimd",), absent=(), basis="verified", source="cpuinfo"),
        threads=threads,
        recipes=recipes,
        left_out=left_out,
    )


def source(operators=("Conv", "Gemm"), exported=None, **fields):
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 3, 8, 8))
    return Source(
        path="m.onnx",
        format="onnx",
        sha256="a" * 64,
        size_bytes=1,
        inputs=(spec,),
        outputs=(spec,),
        operators=dict.fromkeys(operators, 1),
        onnx="model.onnx",
        exported=exported,
        reference_runtime="onnxruntime",
        reference_path="reference.onnx",
        **fields,
    )


def found(*rules, features=(), cores=4, of=None, **fields) -> Space:
    return recipe_space(profile(*rules, **fields), features, cores, of or source(), convert.find)


def only_left_out(*rules, **fields):
    made = found(*rules, **fields)
    assert made.recipes == ()
    (left,) = made.left_out
    return obstacle_words.reason(left.why), obstacle_words.hint(left.why)


@pytest.fixture
def without(monkeypatch):
    """Pretends that some packages are not installed."""

    def remove(*gone):
        monkeypatch.setattr(module, "installed", lambda package: package not in gone)

    return remove


def test_recipes_in_the_order_of_the_profile():
    made = found(
        rule("openvino", "int8-static", options=HINT),
        rule("onnxruntime", "fp32"),
        threads=(1, 4),
    )
    assert [(r.runtime, r.precision, r.threads, r.options) for r in made.recipes] == [
        ("openvino", "int8-static", 4, HINT),
        ("openvino", "int8-static", 1, HINT),
        ("onnxruntime", "fp32", 4, {}),
        ("onnxruntime", "fp32", 1, {}),
    ]
    assert made.recipes[0].quantization == Quantization(
        library="nncf",
        calibration="min-max",
        activations="symmetric",
        bias_correction="fast",
        overflow_fix=True,
    )
    assert made.recipes[2].quantization is None
    assert made.left_out == ()
    assert len({r.id for r in made.recipes}) == 4
    assert len({r.conversion_id for r in made.recipes}) == 2


@pytest.mark.parametrize("features", [{"asimddp"}, {"i8mm", "asimd"}])
def test_a_need_that_is_met(features):
    assert found(rule(needs_any=("asimddp", "i8mm")), features=features).recipes


def test_a_need_that_is_not_met():
    needs = ("asimddp", "i8mm")
    own = rule(needs_any=needs, otherwise="no dot product here")
    assert only_left_out(own, features={"asimd"}) == ("no dot product here", "")
    silent = rule(needs_any=needs)
    assert only_left_out(silent, features={"asimd"}) == ("needs one of: asimddp, i8mm", "")


def test_what_the_profile_leaves_out_comes_first():
    rules = (LeftOutRule(runtime="onnxruntime", precision="fp16", reason="no half precision"),)
    made = found(rule("tvm", "fp16"), left_out=rules)
    assert [
        (left.runtime, left.precision, obstacle_words.reason(left.why)) for left in made.left_out
    ] == [
        ("onnxruntime", "fp16", "no half precision"),
        ("tvm", "fp16", "this version of edgeopt has no converter to tvm"),
    ]


def test_a_precision_that_no_converter_makes():
    reason, hint = only_left_out(rule("onnxruntime", "bf16"))
    assert reason == "this version of edgeopt makes no bf16 for onnxruntime"
    assert hint == ""


@pytest.mark.parametrize(
    ("runtime", "precision", "gone", "reason", "extra"),
    [
        ("openvino", "fp32", ["openvino"], "openvino", "openvino"),
        ("openvino", "int8-static", ["nncf"], "nncf", "openvino"),
        ("openvino", "int8-static", ["openvino", "nncf"], "openvino, nncf", "openvino"),
        ("onnxruntime", "int8-dynamic", ["onnx"], "onnx", "onnxruntime"),
        (
            "litert",
            "fp32",
            ["ai-edge-litert", "tflite-runtime"],
            "ai-edge-litert or tflite-runtime",
            "litert",
        ),
        ("litert", "int8-static", ["ai-edge-quantizer"], "ai-edge-quantizer", "litert"),
    ],
)
def test_a_package_that_is_missing(without, runtime, precision, gone, reason, extra):
    without(*gone)
    assert only_left_out(rule(runtime, precision)) == (
        f"not installed: {reason}",
        f"pip install 'edgeopt[{extra}]'",
    )


def test_the_older_interpreter_serves_as_well(without):
    without("ai-edge-litert")
    assert found(rule("litert", "fp32")).recipes


def test_a_torch_source_needs_its_own_converter(without):
    without("litert-torch")
    assert found(rule("litert", "fp32")).recipes
    reason, hint = only_left_out(rule("litert", "fp32"), of=source(exported="model.pt2"))
    assert (reason, hint) == ("not installed: litert-torch", "pip install 'edgeopt[torch]'")


def test_extras_that_are_both_missing_stand_in_one_line(without):
    without("litert-torch", "ai-edge-quantizer")
    _, hint = only_left_out(rule("litert", "int8-static"), of=source(exported="model.pt2"))
    assert hint == "pip install 'edgeopt[litert,torch]'"


def test_what_the_source_has_no_use_for():
    reason, hint = only_left_out(rule("onnxruntime", "int8-static"), of=source(["Relu"]))
    assert reason == convert.load("onnxruntime").unsuitable("int8-static", source(["Relu"]))
    assert (reason, hint) == ("no operator in this model that ONNX Runtime quantizes", "")


@pytest.mark.parametrize(
    ("threads", "big", "little", "cores", "counts"),
    [
        ((1, 2, 4), 4, 0, 4, [4, 2, 1]),
        ((4, 1, 2), 4, 0, 4, [4, 2, 1]),
        ((1, 0), 4, 0, 4, [4, 1]),
        ((1, 0), 2, 6, 8, [2, 1]),  # 0: all big cores, not the little ones
        ((0,), 8, 0, 2, [2]),
        ((1, 2, 4, 8), 8, 0, 2, [2, 1]),  # cut, and each once
        ((0, 4), 4, 0, 4, [4]),
        ((6,), 2, 6, 8, [6]),  # said on purpose
        ((1, 0), 1, 0, 1, [1]),
    ],
)
def test_thread_counts(threads, big, little, cores, counts):
    assert thread_counts(profile(threads=threads, big=big, little=little), cores) == counts


@pytest.mark.parametrize("cores", [(), (Cores(model="cortex-a55", count=4, role="little"),)])
def test_a_profile_without_big_cores_takes_the_devices(cores):
    generic = msgspec.structs.replace(profile(threads=(0, 1)), cores=cores)
    assert thread_counts(generic, 4) == [4, 1]


def test_where_no_flag_is_known_nothing_is_ruled_out():
    """A generic profile without a device at hand."""
    assert found(rule(needs_any=("asimddp",), otherwise="no dot product"), features=()).recipes


def test_a_runtime_that_is_missing_on_the_device_is_left_out_with_what_to_do():
    whole = found(rule("onnxruntime"), rule("openvino"), threads=(1, 2))
    less = space_without(whole, {"openvino": "No module named openvino"}, "set it up")
    assert [r.runtime for r in less.recipes] == ["onnxruntime", "onnxruntime"]
    (left,) = less.left_out  # once, whatever its threads
    assert (left.runtime, left.precision) == ("openvino", "fp32")
    assert left.why == said("No module named openvino", "set it up")
    assert obstacle_words.reason(left.why) == "No module named openvino"
    assert obstacle_words.hint(left.why) == "set it up"
    assert space_without(whole, {}, "") == whole


def test_installed():
    assert installed("numpy")
    assert not installed("no-such-distribution")


def test_a_file_that_is_quantized_is_tried_as_it_is():
    """In each runtime of the profile, with the options of its fp32; and nothing else is."""
    made = found(
        rule("openvino", "int8-static", options={"INFERENCE_PRECISION_HINT": "bf16"}),
        rule("openvino", "fp32", options=HINT),
        rule("litert", "int8-dynamic", options={"HINT": "other"}),
        of=source(stored="as-is", tflite="m.tflite"),
        threads=(1, 2),
    )
    assert [(r.runtime, r.precision, r.threads, r.options) for r in made.recipes] == [
        ("openvino", "as-is", 2, HINT),
        ("openvino", "as-is", 1, HINT),
        ("litert", "as-is", 2, {}),
        ("litert", "as-is", 1, {}),
    ]
    assert {left.why.kind for left in made.left_out} == {"quantized-already"}
    assert {obstacle_words.reason(left.why) for left in made.left_out} == {
        "the source's file is quantized already; it is tried as it is"
    }
    assert len(made.left_out) == 3


def test_the_quantizer_follows_the_source():
    rules = (rule("litert", "int8-static"), rule("litert", "int8-weights"))
    made = found(*rules, of=source(saved_model="folder"))
    assert [r.quantization.library for r in made.recipes] == ["tensorflow", "ai-edge-quantizer"]
    other = found(*rules)
    assert other.recipes[0].conversion_id != made.recipes[0].conversion_id


@pytest.mark.parametrize(
    ("runtime", "precision", "said", "options"),
    [
        ("openvino", "fp32", {}, {"INFERENCE_PRECISION_HINT": "f32"}),
        ("openvino", "fp16", {}, {"INFERENCE_PRECISION_HINT": "f16"}),
        ("openvino", "bf16", {}, {"INFERENCE_PRECISION_HINT": "bf16"}),
        ("openvino", "int8-static", {}, {"INFERENCE_PRECISION_HINT": "f32"}),
        (
            "openvino",
            "int8-weights",
            {},
            {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0},
        ),
        (
            "openvino",
            "fp32",
            {"INFERENCE_PRECISION_HINT": "bf16"},
            {"INFERENCE_PRECISION_HINT": "bf16"},
        ),
        (
            "ncnn",
            "fp32",
            {"use_fp16_packed": 1},
            {"use_fp16_packed": 1, "use_fp16_storage": 0, "use_fp16_arithmetic": 0},
        ),
        ("onnxruntime", "fp32", {}, {}),
    ],
)
def test_a_precision_fixes_the_arithmetic_unless_the_profile_says_another(
    runtime, precision, said, options
):
    (made,) = found(rule(runtime, precision, options=said)).recipes
    assert made.options == options


def test_profiles_that_ship_say_it_themselves():
    """What a recipe is stands in the file that names it."""
    rules = [(name, rule) for name in targets.names() for rule in targets.load(name).recipes]
    converted = [(name, rule) for name, rule in rules if rule.runtime in convert.CONVERTERS]
    assert {name for name, _ in converted} == set(targets.names())
    for name, own in converted:
        fixed = runtimes.spec(own.runtime).options_for(own.precision)
        assert {**fixed, **own.options} == own.options, name


def test_why_a_recipe_is_left_out_is_a_value():
    made = found(
        rule("onnxruntime", "int8-static", needs_any=("asimddp", "i8mm")),
        rule("tvm", "fp32"),
        rule("onnxruntime", "bf16"),
        features={"asimd"},
    )
    assert [left.why for left in made.left_out] == [
        Obstacle(kind="lacks-flags", names=("asimddp", "i8mm")),
        Obstacle(kind="no-converter", runtime="tvm"),
        Obstacle(kind="no-such-precision", runtime="onnxruntime", precision="bf16"),
    ]


@pytest.mark.parametrize("runtime", ["mnn", "ncnn", "executorch"])
def test_a_runtime_of_fixed_shapes_is_not_tried_where_an_axis_stays_open(runtime):
    kept = KeptAxis(name="width", places={"x": 3}, sizes=(8, 16))
    reason, hint = only_left_out(rule(runtime, "fp32"), of=source(kept=kept))
    assert reason == (
        f"its files for {runtime} have fixed shapes, and the axis width is to stay open"
    )
    assert hint == "Without --open-axis it is tried, at the shape of the data."
