"""Small graphs of which a tool drops a part or has no form: made, they answer as the source.

Inputs that no answer depends on; outputs of four axes in ncnn; what is rewritten for pnnx.
"""

import msgspec
import numpy as np
import onnx
import pytest

from edgeopt import runtimes
from edgeopt.convert import matching, ncnn, worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes import load
from edgeopt.sources import onnx as onnx_source
from edgeopt.sources.request import PrepareRequest

pytestmark = pytest.mark.slow

#: Inputs, an output, and what is computed; opset 17, or 24 where it is said.
MODELS = {
    "of no length": (
        "float[0] x, int64[3] z", "int64 y", "s = SplitToSequence(x, z) y = SequenceLength(s)",
    ),
    "unread": ("float[1,4] x, float[1,4] z", "float[1,4] y", "y = Relu(z)"),
    "only its shape": (
        "float[1,3] x, float[1,4] z", "float[1,4] y",
        "s = Shape(x) f = Cast<to=1>(s) m = ReduceMax(f) y = Add(z, m)",
    ),
    "four axes": (
        "float[2,3,4] x, float[2,3,4] z", "float[2,3,4,2] y",
        "s = SequenceConstruct(x, z) y = ConcatFromSequence<axis=-1, new_axis=1>(s)",
    ),
    "normalised, 24": (
        "float[1,4,6] x", "float[1,4,6] y",
        "a = RMSNormalization<axis=-1>(x, w) y = Swish<alpha=1.5>(a)",
    ),
    "reduced, 24": (
        "float[1,4,6] x", "float[1,4] y",
        "a = ReduceMax<keepdims=0>(x, last) b = ReduceSum<keepdims=0>(x, last) y = Add(a, b)",
    ),
    "padded at one end": (
        "float[1,3,9,8] x", "float[1,3,9,8] y",
        "y = AveragePool<kernel_shape=[2,2], pads=[0,0,1,1]>(x)",
    ),
}  # fmt: skip
WEIGHTS = "<float[6] w = {1.0, 0.5, 2.0, 1.5, -1.0, 0.3}, int64[1] last = {-1}>"


@pytest.fixture
def job_of(tmp_path):
    def job(name, runtime):
        inputs, outputs, body = MODELS[name]
        head = '<ir_version: 11, opset_import: ["":24]>'
        head = head if name.endswith("24") else '<ir_version: 8, opset_import: ["":17]>'
        text = f"{head} g ({inputs}) => ({outputs}) {WEIGHTS} {{ {body} }}"
        model = onnx.parser.parse_model(text)
        onnx.save_model(model, str(tmp_path / "m.onnx"))
        sample = {value.name: values(value.type.tensor_type) for value in model.graph.input}
        np.savez(tmp_path / "sample.npz", **sample)
        request = PrepareRequest(
            path=str(tmp_path / "m.onnx"),
            shapes={key: array.shape for key, array in sample.items()},
            folder=str(tmp_path),
            sample=str(tmp_path / "sample.npz"),
        )
        (tmp_path / "out").mkdir()
        options = runtimes.spec(runtime).options_for("fp32")
        job = Job(
            recipe=Recipe(runtime=runtime, precision="fp32", options=options),
            source=onnx_source.prepare(request),
            calibration={},
            base=None,
            folder=str(tmp_path / "out"),
        )
        return job, sample

    return job


def values(kind):
    shape = tuple(dim.dim_value for dim in kind.shape.dim)
    if kind.elem_type == onnx.TensorProto.INT64:
        return np.zeros(shape, np.int64)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "runtime", "taken"),
    [
        ("of no length", "openvino", ["z"]),
        ("unread", "openvino", ["x", "z"]),
        ("unread", "ncnn", ["x", "z"]),
        ("only its shape", "ncnn", ["x", "z"]),
        ("four axes", "ncnn", ["x", "z"]),
        ("normalised, 24", "ncnn", ["x"]),
        ("reduced, 24", "ncnn", ["x"]),
        ("padded at one end", "ncnn", ["x"]),
    ],
)
def test_it_answers_as_the_source(job_of, name, runtime, taken):
    job, sample = job_of(name, runtime)
    made = msgspec.convert(worker.make(msgspec.to_builtins(job)), Converted)
    assert [binding.source for binding in made.inputs] == taken
    left = "it does not take input 'x': no answer depends on that"
    assert (left in made.notes) == ("x" not in taken)
    session = load(runtime).open_session(f"{job.folder}/{made.main}", 1, job.recipe.options)
    results = session.run(matching.fed(made.inputs, sample))
    [expected] = matching.answers(job.source, [sample])
    own = matching.read(made.outputs, results)["y"].reshape(expected["y"].shape)
    np.testing.assert_allclose(own, expected["y"], rtol=1e-4, atol=1e-5)
    session.close()


def test_an_output_of_other_values_than_the_sources_is_refused(job_of):
    job, _ = job_of("four axes", "ncnn")
    ncnn._require_room("out0", (2, 3, 4, 2), job.source)
    with pytest.raises(EdgeoptError, match="no output of the source has as many values"):
        ncnn._require_room("out0", (2, 3, 4, 3), job.source)
