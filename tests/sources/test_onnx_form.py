"""What another tool made of a source: its tensors under the source's names."""

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from edgeopt.sources import onnx_form

A, B = np.float32([[1, 2]]), np.float32([[10, 20]])


def made(inputs, outputs):
    """first - second and first * second, as a tool may have named them."""
    first, second = inputs
    values = {
        n: helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 2]) for n in (*inputs, *outputs)
    }
    nodes = [
        helper.make_node("Sub", [first, second], [outputs[0]]),
        helper.make_node("Mul", [first, second], [outputs[1]]),
    ]
    return nodes, values


@pytest.mark.parametrize(
    ("inputs", "listed", "outputs"),
    [
        (("a", "b"), ("b", "a"), ("minus", "times")),  # in another order, under their names
        (("a:0", "b:0"), ("b:0", "a:0"), ("minus:0", "times:0")),
        (("serving_default_a:0", "serving_default_b:0"), (1, 0), ("times_", "minus_")),
        (("x", "y"), (0, 1), ("p", "q")),  # no name matches: by position
    ],
)
def test_tensors_are_matched_by_name_and_by_position_where_none_matches(
    tmp_path, inputs, listed, outputs
):
    nodes, values = made(inputs, outputs)
    order = [inputs[i] if isinstance(i, int) else i for i in listed]
    graph = helper.make_graph(
        nodes, "g", [values[name] for name in order], [values[name] for name in outputs]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    form = onnx_form.write(model, {"a": A, "b": B}, ["minus", "times"], tmp_path)
    session = ort.InferenceSession(form.onnx, providers=["CPUExecutionProvider"])
    minus, times = session.run(["minus", "times"], {"a": A, "b": B})
    np.testing.assert_array_equal(minus, A - B)
    np.testing.assert_array_equal(times, A * B)
