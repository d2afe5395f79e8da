"""Where sums of bytes overflow: by the flags of what answers, and in the kernels themselves."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeopt import convert
from edgeopt.search.alternatives import other_integers
from edgeopt.search.overflow import avoided, overflows, usual
from edgeopt.search.space import recipe_space
from tests.processor import OVERFLOWS
from tests.search.test_space import profile, rule, source

ZEN_3 = ("ssse3", "avx2", "fma")
BOARD = ("asimd", "asimddp")


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (ZEN_3, True),
        ((*ZEN_3, "avx512f"), True),
        ((*ZEN_3, "avx512_vnni"), False),
        ((*ZEN_3, "avx_vnni"), False),
        ((*ZEN_3, "amx_int8"), False),
        (("asimd",), False),
        (BOARD, False),
        ((), False),
    ],
)
def test_which_processors(features, expected):
    assert overflows(features) is expected


@pytest.mark.parametrize(
    ("features", "answering", "expected"),
    [(ZEN_3, (), "all"), (BOARD, (), False), (BOARD, ZEN_3, "all"), ((), ZEN_3, "all")],
)
def test_the_space_follows_what_answers(features, answering, expected):
    board = profile(rule("onnxruntime", "int8-static"))
    made = recipe_space(board, features, 4, source(), convert.find, answering=answering)
    assert [recipe.quantization.overflow_fix for recipe in made.recipes] == [expected]


def test_a_gpu_adds_in_32_bits():
    on_gpu = rule("openvino", "int8-static", options={"DEVICE": "GPU"})
    made = recipe_space(profile(on_gpu), ZEN_3, 4, source(), convert.find)
    assert [recipe.quantization.overflow_fix for recipe in made.recipes] == [True]


@pytest.mark.parametrize(
    ("runtime", "precision", "expected"),
    [
        ("onnxruntime", "int8-static", "all"),
        ("onnxruntime", "int8-dynamic", "all"),
        ("onnxruntime", "int8-weights", False),
        ("openvino", "int8-static", "all"),
        ("openvino", "int8-weights", False),
        ("litert", "int8-static", False),
        ("mnn", "int8-static", False),
        ("tensorrt", "int8-static", False),
        ("onnxruntime_tensorrt", "int8-static", False),
    ],
)
def test_which_integers(runtime, precision, expected):
    assert usual(convert.load(runtime), precision, ZEN_3).overflow_fix == expected
    own = convert.load(runtime).quantization(precision)
    assert usual(convert.load(runtime), precision, BOARD) == own


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_8_bits_are_tried_where_7_lose_too_much(runtime):
    first = usual(convert.load(runtime), "int8-static", ZEN_3)
    others = other_integers(first)
    assert len(others) == len(set(others))
    assert any(other.overflow_fix is False for other in others)
    plain = other_integers(convert.load(runtime).quantization("int8-static"))
    assert all(other.overflow_fix != "all" for other in plain)


@pytest.mark.parametrize("weight", [127, 64])
def test_the_rule_is_the_processors(tmp_path, weight):
    """255 times a weight, 64 times: the end of 16 bits is met where the rule says so alone."""
    import onnxruntime as ort

    integer = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    matrix = numpy_helper.from_array(np.full((64, 16), weight, np.int8), "w")
    graph = helper.make_graph(
        [integer],
        "sums",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [1, 16])],
        [matrix],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    session = ort.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    (sums,) = session.run(None, {"x": np.full((1, 64), 255, np.uint8)})
    exact = np.all(sums == 255 * 64 * weight)
    assert exact == (weight == 64 or not OVERFLOWS)


def test_what_cannot_keep_to_7_bits_stays_as_it_is():
    for precision in ("int8-static", "int8-weights"):
        how = convert.load("litert").quantization(precision)
        assert avoided(how, precision) == how


def test_what_is_rounded_more_coarsely_is_corrected():
    static, dynamic = (
        usual(convert.load("onnxruntime"), precision, ZEN_3)
        for precision in ("int8-static", "int8-dynamic")
    )
    assert (static.bias_correction, dynamic.bias_correction) == ("fast", None)
