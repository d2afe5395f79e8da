"""What onnx2tf drops or refuses, rewritten before it: LiteRT answers as ONNX Runtime does."""

import numpy as np
import onnx
import pytest

from edgeopt.convert import onnx2tf, rewrites
from edgeopt.convert.bindings import bind
from edgeopt.convert.matching import fed, read
from edgeopt.domain.tensor import TensorSpec
from edgeopt.runtimes import litert
from tests.convert.test_rewrites import answers, sample, transposed, values

pytestmark = pytest.mark.slow


def signal():
    """[1, 4, 8], through one of each kind: a second each would be a conversion each."""
    from onnx import TensorProto, helper, numpy_helper

    weights = {"w": values(8, 2, 3), "slope": values(8, 1), "t": values(8, 2, 3)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], group=2, auto_pad="SAME_LOWER"),
        helper.make_node("Elu", ["c"], ["e"], alpha=2.0),
        helper.make_node("PRelu", ["e", "slope"], ["p"]),
        helper.make_node("MaxPool", ["p"], ["m"], kernel_shape=[2], dilations=[3], pads=[1, 1]),
        helper.make_node("ConvTranspose", ["m", "t"], ["u"], group=2, strides=[2],
                         output_padding=[1]),
        helper.make_node("AveragePool", ["u"], ["y"], kernel_shape=[3], pads=[1, 1],
                         count_include_pad=1),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return onnx.shape_inference.infer_shapes(made)


MODELS = {
    "signal": signal(),
    "image": transposed(
        [1, 4, 5, 6], (4, 3, 3, 3), values(6), group=2, strides=[2, 2], output_padding=[1, 1],
        pads=[1, 0, 1, 1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_litert_answers_as_the_source(name, tmp_path):
    made = MODELS[name]
    given = sample(made)
    changed, done = rewrites.rewritten(made, "onnx2tf", given)
    assert done
    onnx.save_model(changed, str(tmp_path / "m.onnx"))
    [value] = changed.graph.input
    shape = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
    [expected] = answers(made, given)
    specs = [
        (TensorSpec(name=end, dtype="float32", shape=dims),)
        for end, dims in (("x", shape), ("y", expected.shape))
    ]
    session = litert.open_session(
        str(onnx2tf.convert(tmp_path / "m.onnx", tmp_path, specs[0])), 1, {}
    )
    ends = zip(specs, (session.inputs, session.outputs), strict=True)
    inputs, outputs = (bind(one, listed, {}) for one, listed in ends)
    answer = read(outputs, session.run(fed(inputs, given)))["y"].reshape(expected.shape)
    np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-5)
