"""Inputs that no answer depends on, which tools drop; outputs of four axes in ncnn."""

import msgspec
import numpy as np
import onnx
import pytest

from edgeopt.convert import matching, ncnn, worker
from edgeopt.convert.job import Converted, Job
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.recipe import Recipe
from edgeopt.runtimes import load
from edgeopt.sources import onnx as onnx_source
from edgeopt.sources.source import Source

pytestmark = pytest.mark.slow

HEAD = '<ir_version: 8, opset_import: ["":17]> g '
EXACT = {"openvino": {"INFERENCE_PRECISION_HINT": "f32"}}

#: Shapes of x and z, and what is computed of them.
MODELS = {
    "of no length": (
        (0,), (3,), "float[0] x, int64[3] z", "int64 y",
        "s = SplitToSequence(x, z) y = SequenceLength(s)",
    ),
    "unread": ((1, 4), (1, 4), "float[1,4] x, float[1,4] z", "float[1,4] y", "y = Relu(z)"),
    "only its shape": (
        (1, 3), (1, 4), "float[1,3] x, float[1,4] z", "float[1,4] y",
        "s = Shape(x) f = Cast<to=1>(s) m = ReduceMax(f) y = Add(z, m)",
    ),
    "four axes": (
        (2, 3, 4), (2, 3, 4), "float[2,3,4] x, float[2,3,4] z", "float[2,3,4,2] y",
        "s = SequenceConstruct(x, z) y = ConcatFromSequence<axis=-1, new_axis=1>(s)",
    ),
}  # fmt: skip


@pytest.fixture
def job_of(tmp_path):
    def job(name, runtime):
        *shapes, inputs, outputs, body = MODELS[name]
        text = f"{HEAD}({inputs}) => ({outputs}) {{ {body} }}"
        onnx.save_model(onnx.parser.parse_model(text), str(tmp_path / "m.onnx"))
        rng = np.random.default_rng(0)
        kinds = (np.float32, np.int64 if "int64[3] z" in inputs else np.float32)
        sample = {
            key: rng.normal(size=shape).astype(kind) if kind is np.float32 else np.zeros(shape, int)
            for key, shape, kind in zip("xz", shapes, kinds, strict=True)
        }
        np.savez(tmp_path / "sample.npz", **sample)
        made = onnx_source.prepare(
            {
                "path": str(tmp_path / "m.onnx"),
                "shapes": {key: list(array.shape) for key, array in sample.items()},
                "folder": str(tmp_path),
                "sample": str(tmp_path / "sample.npz"),
            }
        )
        (tmp_path / "out").mkdir()
        job = Job(
            recipe=Recipe(runtime=runtime, precision="fp32", options=EXACT.get(runtime, {})),
            source=msgspec.convert(made, Source),
            calibration={},
            base=None,
            folder=str(tmp_path / "out"),
        )
        return job, sample

    return job


@pytest.mark.parametrize(
    ("name", "runtime", "taken"),
    [
        ("of no length", "openvino", ["z"]),
        ("unread", "openvino", ["x", "z"]),
        ("only its shape", "openvino", ["x", "z"]),
        ("unread", "ncnn", ["x", "z"]),
        ("only its shape", "ncnn", ["x", "z"]),
        ("four axes", "ncnn", ["x", "z"]),
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
    np.testing.assert_allclose(own, expected["y"], rtol=1e-5)
    session.close()


def test_an_output_of_other_values_than_the_sources_is_refused(job_of):
    job, _ = job_of("four axes", "ncnn")
    ncnn._require_room("out0", (2, 3, 4, 2), job.source)
    with pytest.raises(EdgeoptError, match="no output of the source has as many values"):
        ncnn._require_room("out0", (2, 3, 4, 3), job.source)
