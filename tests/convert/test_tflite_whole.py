"""Static integers for microcontrollers: what TensorFlow Lite Micro reads is all inside the file."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from edgeopt.convert import tflite_whole
from edgeopt.convert.arena import note
from edgeopt.runtimes import litert

pytestmark = pytest.mark.slow
needs_micro = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None, reason="needs edgeopt[micro]"
)


@pytest.fixture(scope="module")
def path(bench):
    made, place = bench.make("conv", "litert", "int8-static")
    return place / made.main


@pytest.fixture(scope="module")
def apart(path, tmp_path_factory):
    """The same as AI Edge Quantizer writes what is larger: weights behind the FlatBuffer."""
    from ai_edge_litert.tools import flatbuffer_utils
    from ai_edge_quantizer.model_modifier import ModelModifier, _PackedBufferData

    model = flatbuffer_utils.read_model(str(path))
    made = ModelModifier(model)._serialize_model(model, _PackedBufferData(model))
    file = tmp_path_factory.mktemp("apart") / "model.tflite"
    file.write_bytes(made)
    return file


@pytest.fixture(scope="module")
def images(path):
    shape = litert.open_session(str(path), 1, {}).inputs[0]["shape"]
    return np.random.default_rng(0).integers(-128, 128, (4, *shape)).astype(np.int8)


def by_litert(path, images):
    session = litert.open_session(str(path), 1, {})
    return np.stack([session.run([image])[0] for image in images]).astype(int)


def by_micro(path, images):
    from tflite_micro.python.tflite_micro import runtime

    interpreter, answers = runtime.Interpreter.from_file(str(path), arena_size=1 << 20), []
    for image in images:
        interpreter.set_input(image, 0)
        interpreter.invoke()
        answers.append(interpreter.get_output(0))
    return np.stack(answers).astype(int)


def test_a_conversion_is_whole_and_what_is_whole_is_left_alone(path):
    before = path.read_bytes()
    assert tflite_whole.is_whole(before)
    tflite_whole.write(path)
    assert path.read_bytes() == before


def test_a_file_is_made_whole_and_answers_as_before(apart, path, images, tmp_path):
    assert not tflite_whole.is_whole(apart.read_bytes())
    whole = tmp_path / "whole.tflite"
    whole.write_bytes(apart.read_bytes())
    tflite_whole.write(whole)
    assert tflite_whole.is_whole(whole.read_bytes())
    expected = by_litert(path, images)
    np.testing.assert_array_equal(by_litert(apart, images), expected)
    np.testing.assert_array_equal(by_litert(whole, images), expected)


@needs_micro
def test_tensorflow_lite_micro_answers_as_litert_does(path, apart, images):
    expected = by_litert(path, images)
    assert np.ptp(expected) > 20
    assert np.abs(by_micro(path, images) - expected).max() <= 2
    assert np.abs(by_micro(apart, images) - expected).max() > 20  # which is why


@needs_micro
def test_the_arena_that_is_computed_is_what_the_tensors_take_there(path, capfd):
    from tflite_micro.python.tflite_micro import runtime

    runtime.Interpreter.from_file(str(path), arena_size=1 << 20).print_allocations()
    [head] = [line for line in capfd.readouterr().err.splitlines() if "allocation head" in line]
    assert head.split("head ")[1] in note(str(path))
