"""What pnnx says and goes on, or leaves under another name."""

import importlib.util
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from msgspec.structs import replace
from onnx import helper, numpy_helper

from edgeopt.convert import ncnn, pnnx_refused, rewrites
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.tensor import TensorSpec
from tests.convert.test_converters import SOURCE

PARAM = "7767517\n3 3\nInput in0 0 1 in0\n{} l 1 1 in0 mid\nReLU r 1 1 mid out0\n"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            "a\nignore Shrink Shrink_0 param bias=1.5\nignore Shrink Shrink_0 param lambd=1.5\nb",
            "bias, lambd of Shrink",
        ),
        (
            "ignore Padding p0 param mode=wrap\nignore ROIAlign r param aligned=1",
            "mode of Padding; aligned of ROIAlign",
        ),
        ("ignore Shrink a param bias=1\nignore Shrink b param bias=2", "bias of Shrink"),
    ],
)
def test_dropped_parameters_are_refused(log, told):
    with pytest.raises(EdgeoptError) as caught:
        pnnx_refused.dropped(log)
    assert caught.value.args[0] == (f"pnnx drops {told}: what it makes computes something else.")


def test_other_words_of_pnnx_are_no_reason():
    pnnx_refused.dropped("############# pass_level0\nignored nothing\nparam bias=1\n")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("F.softmin", "pnnx has no ncnn form of F.softmin."),
        ("SequenceAt", "pnnx has no ncnn form of SequenceAt."),
        ("Conv", "pnnx has no ncnn form of Conv as this model has it."),
    ],
)
def test_what_is_left_is_named(kind, told):
    with pytest.raises(EdgeoptError) as caught:
        pnnx_refused.foreign(PARAM.format(kind), replace(SOURCE, onnx=None))
    assert caught.value.args[0] == told


def test_what_ncnn_has_is_taken():
    pnnx_refused.foreign(PARAM.format("Convolution"), SOURCE)


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        (np.float16, True, " (its weights are float16)"),
        (np.float32, False, " (its weights are computed)"),
        (np.float32, True, ""),
    ],
)
def test_why_a_usual_operator_is_left(tmp_path, kind, given, told):
    code = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    weights = numpy_helper.from_array(np.ones((4, 3, 1, 1), kind), "w" if given else "raw")
    nodes = [] if given else [helper.make_node("Identity", ["raw"], ["w"])]
    graph = helper.make_graph(
        [*nodes, helper.make_node("Conv", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", code, [1, 3, 4, 4])],
        [helper.make_tensor_value_info("y", code, [1, 4, 4, 4])],
        [weights],
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(EdgeoptError) as caught:
        pnnx_refused.foreign(PARAM.format("Conv"), replace(SOURCE, onnx=str(path)))
    assert caught.value.args[0] == f"pnnx has no ncnn form of Conv as this model has it{told}."


@pytest.mark.parametrize(
    ("shape", "batch", "told"),
    [
        ((2, 3, 8, 8), 0, "ncnn has no batch axis, and 'x' is a batch of 2 (axis 0)."),
        ((5, 4, 8), 1, "ncnn has no batch axis, and 'x' is a batch of 4 (axis 1)."),
        (
            (1, 3, 8, 8),
            233,
            "ncnn's values have three axes, 'x' has 4, and nothing in the model tells pnnx which "
            "of them is the batch.",
        ),
    ],
)
def test_a_batch_is_told_with_what_to_do(tmp_path, shape, batch, told):
    line = f'ex.input("in0", ncnn.Mat(in0.squeeze(0).numpy()).clone(), batch_index={batch})'
    (tmp_path / "model_ncnn.py").write_text(line)
    source = replace(SOURCE, inputs=(TensorSpec(name="x", dtype="float32", shape=shape),))
    with pytest.raises(EdgeoptError) as caught:
        ncnn._shapes(source, tmp_path)
    assert caught.value.args[0] == told
    assert "batch of 1" in caught.value.hint


def mean_of(axes: list[int], *, newer: bool) -> onnx.ModelProto:
    """A mean over some axes, which are an input; beside Mish, which opset 17 has not."""
    nodes = [
        helper.make_node("Mish" if newer else "Relu", ["x"], ["m"]),
        helper.make_node("ReduceMean", ["m", "axes"], ["y"]),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [value("x", 1, [1, 3, 4, 5])], [value("y", 1, None)],
        [numpy_helper.from_array(np.array(axes), "axes")],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return onnx.shape_inference.infer_shapes(made)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("axes", "newer", "lost"),
    [
        ([3], True, True),
        ([-1], True, True),
        ([2, 3], True, False),  # several in an input are read
        ([3], False, False),  # an attribute, once it is rewritten
        ([2, 3], False, False),
    ],
)
def test_a_reduction_whose_axis_is_lost_is_refused(tmp_path, axes, newer, lost):
    """pnnx itself: what it makes of the model as it is given, after the rewrites."""
    given = {"x": np.ones((1, 3, 4, 5), np.float32)}
    model, done = rewrites.rewritten(mean_of(axes, newer=newer), "pnnx", given)
    assert bool(done) is not newer
    onnx.save(model, str(tmp_path / "m.onnx"))
    found = importlib.util.find_spec("pnnx")
    program = Path(found.origin).with_name("pnnx")
    command = [program, "m.onnx", "ncnnparam=m.param", "ncnnbin=m.bin"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    text = (tmp_path / "m.param").read_text()
    assert "Reduction " in text
    if not lost:
        pnnx_refused.without_axes(text)
        return
    with pytest.raises(EdgeoptError, match=r"^pnnx drops the axis of mean_\d+: what it") as caught:
        pnnx_refused.without_axes(text)
    assert "opset 17" in caught.value.hint


@pytest.mark.parametrize(
    "line",
    [
        "Reduction mean_1 1 1 1 out0 0=3 1=1 -23303=0 4=1 5=1",  # of all
        "Reduction mean_1 1 1 1 out0 0=3 1=0 -23303=1,1 4=1 5=1",
        "Reduction mean_1 1 1 1 out0 0=3 1=0 -23303=2,0,1 4=1",
        "Interp up_1 1 1 1 out0 0=3 1=0 -23303=0",
    ],
)
def test_other_reductions_are_no_loss(line):
    pnnx_refused.without_axes(f"7767517\n1 1\n{line}\n")
