"""Which axis of an output counts samples: the first of 1, where the inputs begin with one too."""

import pytest

from edgeopt.domain.tensor import TensorSpec
from edgeopt.sources.source import Source


def source(output, *inputs):
    return Source(
        path="m", format="onnx", sha256="", size_bytes=0, operators={}, onnx=None,
        reference_runtime="onnxruntime", reference_path="m",
        inputs=tuple(TensorSpec(name=str(i), dtype="float32", shape=s)
                     for i, s in enumerate(inputs)),
        outputs=(TensorSpec(name="y", dtype="float32", shape=output),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("output", "inputs", "axis"),
    [
        ((1, 10), [(1, 3, 8, 8)], 0),
        ((None, 10), [(None, 64)], 0),
        ((1,), [(1, 64)], 0),
        ((1, 1), [(1, 64)], 0),
        ((1, 20, 10), [(1, 20)], 0),
        ((1, 10), [(1, 64), ()], 0),
        ((10,), [(1, 64)], None),
        ((), [(1, 64)], None),
        ((5, 6), [(1, 3, 8, 8)], None),
        ((1, 8, 8), [(3, 8, 8)], None),  # a mask of one channel, of a picture without a batch
        ((20, 1, 10), [(20, 1, 8)], None),  # time first: no axis of the file's is known to be n
    ],
)
def test_batch_axis(output, inputs, axis):
    assert source(output, *inputs).batch_axis("y") == axis
