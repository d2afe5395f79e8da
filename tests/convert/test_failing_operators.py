"""What exceptions tell: a cause, whose it is, and which operators it is about."""

import importlib.util
import sys

import pytest

from edgeopt.convert.failing_operators import failing, first_cause
from edgeopt.domain.layers import Operator


def operator(name, *constants):
    return Operator(
        name=name,
        label=name,
        type="Conv",
        inputs=(),
        outputs=(f"{name}_out",),
        elements=1,
        computes=True,
        constants=constants,
    )


OPERATORS = (operator("Conv_0", "w0", "b"), operator("Conv_1", "w1", "b"), operator("Conv_2"))

LIBRARY = """
class Node:
    def __init__(self, name):
        self.name = name

class Operation:
    def __init__(self, number):
        self.subgraph_op_index = number

def by_object(name):
    for node in (Node("another"), Node(name)):
        if node.name == name:
            raise ValueError("no shape")

def by_name(tensor_name):
    raise ValueError("no shape")

def by_number(number):
    op_info = Operation(number)
    raise ValueError("no shape")

def chained(name):
    try:
        by_name(name)
    except ValueError as error:
        raise RuntimeError("quantization failed") from error
"""


@pytest.fixture
def library(tmp_path):
    """A package elsewhere, as libraries are."""
    place = tmp_path / "site-packages" / "some_quantizer.py"
    place.parent.mkdir()
    place.write_text(LIBRARY)
    spec = importlib.util.spec_from_file_location("some_quantizer", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules["some_quantizer"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["some_quantizer"]


def raised(call, *arguments):
    with pytest.raises(Exception) as caught:  # noqa: PT011 (any)
        call(*arguments)
    return caught.value


def names(error):
    return [[op.name for op in group] for group in failing(error, OPERATORS)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("running QLinearConv node. Name:'Conv_1' Status Message: bad", [["Conv_1"]]),
        ("Node (Conv_1_quant) Op (Conv) [ShapeInferenceError] bad", [["Conv_1"]]),
        ("running DequantizeLinear node. Name:'w0_DequantizeLinear'", [["Conv_0"]]),
        ("There is no tensor with the name Conv_2_out", [["Conv_2"]]),
        ('the bias "b" has another length', [["Conv_0", "Conv_1"]]),
        ("operands could not be broadcast together with shapes (8,) (4,)", []),
        ("b is bad, and w0 too", []),  # words of a sentence are no names
    ],
)
def test_names_in_a_message(text, found):
    assert names(ValueError(text)) == found


def test_names_in_the_variables_of_the_frame_that_raised(library):
    assert names(raised(library.by_object, "Conv_1")) == [["Conv_1"]]
    assert names(raised(library.by_name, "w1")) == [["Conv_1"]]
    assert names(raised(library.by_number, 2)) == [["Conv_2"]]
    assert names(raised(library.chained, "w1_quantized")) == [["Conv_1"]]
    assert names(raised(library.by_name, "nothing known")) == []


def test_what_began_it_is_the_cause(library):
    assert first_cause(raised(library.chained, "w1")) == "ValueError: no shape"
    hidden = ValueError("what it means")
    hidden.__context__ = KeyError("x")  # a look-up that failed says less
    assert first_cause(hidden) == "ValueError: what it means"


def test_onnx_runtimes_preamble_is_left_out():
    text = (
        "[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running MatMul node. "
        "Name:'m' Status Message: /onnxruntime_src/onnxruntime/core/q.cc:80 virtual onnxruntime::"
        "Status onnxruntime::Compute(onnxruntime::OpKernelContext*) const scale must be a scalar."
    )
    told = first_cause(RuntimeError(text))
    assert told == "RuntimeError: running MatMul node. Name:'m' scale must be a scalar."
