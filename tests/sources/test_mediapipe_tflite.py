"""MediaPipe's own operator in LiteRT files: the sums by its definition are what everyone gives."""

import struct

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from edgeopt.domain.errors import BadInput
from edgeopt.sources import mediapipe_tflite
from tests.sources.test_tflite import answers, onnx_answers

pytestmark = [pytest.mark.usefixtures("at_home"), pytest.mark.slow]
SAME, VALID = 1, 2
#: image, kernel, strides of rows and columns, padding.
CASES = {
    "as the person segmenter has it": ((1, 8, 8, 6), (1, 2, 2, 6), (2, 2), SAME),
    "an edge is cut": ((1, 6, 7, 3), (4, 3, 3, 3), (2, 2), SAME),
    "uneven": ((1, 5, 4, 2), (3, 3, 4, 2), (2, 3), SAME),
    "nothing is cut": ((1, 5, 4, 2), (3, 4, 3, 2), (3, 2), VALID),
}


def of_sizes(rng, *sizes):
    return [rng.normal(size=one).astype(np.float32) for one in sizes]


class File:
    """A LiteRT file, operator by operator, each with an input and an output of its own."""

    def __init__(self):
        self.graph, self.model = schema.SubGraphT(), schema.ModelT()
        self.graph.tensors, self.graph.operators = [], []
        self.graph.inputs, self.graph.outputs = [], []
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM, 32
        code.customCode = b"Convolution2DTransposeBias"
        self.model.version, self.model.buffers = 3, [schema.BufferT()]
        self.model.operatorCodes, self.model.subgraphs = [code], [self.graph]

    def add(self, name, shape, kernel, bias, options, signature=None):
        image = self.tensor(name, shape, signature=signature)
        operator = schema.OperatorT()
        operator.inputs = [image, *(self.tensor("w", v.shape, v) for v in (kernel, bias))]
        operator.outputs = [self.tensor(f"{name} answer", (1, 1, 1, 1))]
        operator.opcodeIndex, operator.customOptions = 0, list(options)
        self.graph.operators.append(operator)
        self.graph.inputs.append(image)
        self.graph.outputs += operator.outputs

    def tensor(self, name, shape, values=None, signature=None):
        tensor, buffer = schema.TensorT(), schema.BufferT()
        tensor.name = f"{name} {len(self.graph.tensors)}" if values is not None else name
        tensor.shape, tensor.shapeSignature = list(shape), signature
        tensor.type, tensor.buffer = schema.TensorType.FLOAT32, len(self.model.buffers)
        if values is not None:
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def write(self, path):
        flatbuffer_utils.write_model(self.model, str(path))
        return path


def spread(image, kernel, bias, strides, padding):
    """By the definition: each pixel is spread by the kernel, and half of what hangs over is cut."""
    (_, height, width, _), (out, rows, columns, _) = image.shape, kernel.shape
    full = np.zeros(((height - 1) * strides[0] + rows, (width - 1) * strides[1] + columns, out))
    for y, x in np.ndindex(height, width):
        top, left = y * strides[0], x * strides[1]
        patch = np.einsum("ohwi,i->hwo", kernel, image[0, y, x])
        full[top : top + rows, left : left + columns] += patch
    if padding == SAME:
        sides = zip((height, width), (rows, columns), strides, strict=True)
        for axis, (size, side, stride) in enumerate(sides):
            cut = max(0, side - (size - 1) % stride - 1)
            full = np.take(full, range(cut // 2, full.shape[axis] - cut + cut // 2), axis)
    return full[None] + bias


def test_the_sums_are_those_of_its_definition(tmp_path, prepare, describe):
    rng, file, feed, expected = np.random.default_rng(0), File(), {}, {}
    for name, (shape, sizes, strides, padding) in CASES.items():
        feed[name], kernel, bias = of_sizes(rng, shape, sizes, sizes[:1])
        options = struct.pack("<3i", padding, strides[1], strides[0])
        file.add(name, shape, kernel, bias, options)
        expected[f"{name} answer"] = spread(feed[name], kernel, bias, strides, padding)
    source = prepare(file.write(tmp_path / "own.tflite"))
    shapes = {name: ("float32", array.shape) for name, array in expected.items()}
    assert describe(source.outputs) == shapes
    assert mediapipe_tflite.NOTE in source.notes
    own, onnx = answers(source, feed), onnx_answers(source, feed)
    for name, array in expected.items():
        np.testing.assert_allclose(own[name], array, atol=1e-5)
        np.testing.assert_allclose(onnx[name], array, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "signature"),
    [
        pytest.param(struct.pack("<2i", SAME, 2), None, id="too short"),
        pytest.param(struct.pack("<3i", 0, 2, 2), None, id="an unknown padding"),
        pytest.param(struct.pack("<3i", SAME, 2, 0), None, id="a stride of 0"),
        pytest.param(struct.pack("<3i", SAME, 2, 2), [-1, 4, 4, 2], id="an open batch"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(tmp_path, inspect, options, signature):
    file = File()
    weights, bias = np.ones((3, 2, 2, 2), np.float32), np.ones(3, np.float32)
    file.add("image", (1, 4, 4, 2), weights, bias, options, signature)
    path = file.write(tmp_path / "own.tflite")
    with pytest.raises(BadInput) as caught:
        inspect(path)
    said = caught.value.args[0]
    assert said.startswith(f"{path} does not open in LiteRT: ")
    assert "Convolution2DTransposeBias" in said
