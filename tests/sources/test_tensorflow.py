"""Keras files and SavedModels: what is read of them, and that every form answers alike."""

import numpy as np
import onnxruntime as ort
import pytest

from edgeopt import runtimes
from edgeopt.domain.errors import BadInput
from edgeopt.sources import given, saved_model
from edgeopt.sources.request import InspectRequest, PrepareRequest
from edgeopt.sources.source import sha256_file
from edgeopt.sources.structure import StructureRequest, find

pytestmark = [pytest.mark.usefixtures("at_home"), pytest.mark.slow]


@pytest.fixture(scope="module")
def tiny():
    from tests.sources import tiny_keras

    return tiny_keras


def random(*shape):
    return np.random.default_rng(3).random(shape, dtype=np.float32)


def reference(source, arrays):
    """TensorFlow's answers by name, through the bindings that a runner would use."""
    session = runtimes.load("tensorflow").open_session(source.reference_path, 1, {})
    feed = [None] * len(arrays)
    for binding in source.reference_inputs:
        assert session.inputs[binding.index]["name"] == binding.source
        feed[binding.index] = arrays[binding.source]
    results = session.run(feed)
    return {binding.source: results[binding.index] for binding in source.reference_outputs}


def onnx(source, arrays):
    session = ort.InferenceSession(source.onnx, providers=["CPUExecutionProvider"])
    return dict(
        zip([o.name for o in session.get_outputs()], session.run(None, arrays), strict=True)
    )


def assert_alike(source, arrays, expected):
    for answers in (reference(source, arrays), onnx(source, arrays)):
        assert list(answers) == [spec.name for spec in source.outputs] == list(expected)
        for spec in source.outputs:
            assert answers[spec.name].shape == spec.shape
            np.testing.assert_allclose(
                answers[spec.name], np.asarray(expected[spec.name]), rtol=1e-4, atol=1e-5
            )


def refusal(call, *arguments, **named):
    with pytest.raises(BadInput) as caught:
        call(*arguments, **named)
    assert "\n" not in caught.value.args[0]
    return caught.value.args[0], caught.value.hint


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_sequential_of_images(tmp_path, tiny, prepare, describe, name):
    model = tiny.images()
    model.save(tmp_path / name)
    source = prepare(tmp_path / name)
    assert source.format == name.split(".")[1]
    assert describe(source.inputs) == {"image": ("float32", (1, 8, 8, 3))}
    assert describe(source.outputs) == {"scores": ("float32", (1, 10))}
    assert (source.reference_runtime, source.notes) == ("tensorflow", ())
    assert source.operators["Conv"] == 2
    assert source.sha256 == sha256_file(tmp_path / name)
    image = random(1, 8, 8, 3)
    assert_alike(source, {"image": image}, {"scores": model(image)})


def test_several_inputs_by_name_and_a_dict_of_outputs(tmp_path, tiny, inspect, prepare, describe):
    model = tiny.tokens()
    model.save(tmp_path / "m.keras")
    opened = {spec.name: spec.shape for spec in inspect(tmp_path / "m.keras").inputs}
    assert opened == {"ids": ("batch", "ids_dim_1"), "extra": ("batch", 4)}
    source = prepare(tmp_path / "m.keras", said={"ids": (1, 7)})
    assert describe(source.inputs)["ids"] == ("int64", (1, 7))
    assert list(describe(source.outputs)) == ["score", "mean"]  # as the model gives them
    arrays = {"ids": np.arange(7, dtype=np.int64)[None], "extra": random(1, 4)}
    assert_alike(source, arrays, model(arrays))


def test_a_saved_model(tmp_path, tiny, prepare, describe):
    model = tiny.with_own_layer()
    folder = given.as_path(model, None, tmp_path)
    assert folder == tmp_path / "Sequential"
    source = prepare(folder, trust=True)
    assert source.format == "saved-model"
    assert source.size_bytes > 1000
    (name,) = describe(source.inputs)
    x = random(1, 4)
    assert_alike(source, {name: x}, {source.outputs[0].name: x * 2})


def test_instances_of_one_keras_network_have_one_structure(tmp_path, tiny):
    """TensorFlow sorts inputs by their names, and Keras names those of each instance anew."""

    def structure(number, width):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = given.as_path(tiny.two_inputs(width), None, folder)
        found = saved_model.inspect(InspectRequest(path=str(path)))
        shapes = {spec.name: (1, 6) for spec in found.inputs}
        asked = PrepareRequest(
            path=str(path), inputs=found.inputs, shapes=shapes, folder=str(folder)
        )
        return find(StructureRequest(onnx=saved_model.prepare(asked).onnx)).id

    first, again, once_more, wider = (structure(i, w) for i, w in enumerate((4, 4, 4, 5)))
    assert first == again == once_more
    assert wider != first


def test_a_saved_model_is_a_program(tmp_path, tiny, inspect):
    folder = tiny.two_signatures(tmp_path / "model")
    said, hint = refusal(inspect, folder)
    assert said == (
        f"{folder} is a SavedModel: a program, which can read and write files when it runs."
    )
    assert hint == "If you made it yourself, say --trust; better, give the Keras model (.keras)."
    said, _ = refusal(inspect, folder, trust=True)
    assert said == f"{folder} has no signature 'serving_default'; it has: one, other."
    said, hint = refusal(inspect, folder / "saved_model.pb")
    assert said == f"{folder / 'saved_model.pb'} is a part of a SavedModel."
    assert str(folder) in hint


def test_code_inside_a_keras_file_needs_trust(tmp_path, tiny, inspect, prepare):
    path = tmp_path / "m.keras"
    tiny.with_lambda().save(path)
    said, hint = refusal(inspect, path)
    assert said == f"{path} has a Lambda layer: reading it runs the Python code inside it."
    assert "--trust" in hint
    assert "model.export(folder)" in hint
    source = prepare(path, trust=True)
    x = random(1, 4)
    name = source.inputs[0].name
    assert_alike(source, {name: x}, {source.outputs[0].name: x * 2})


def test_code_that_is_not_inside(tmp_path, tiny, inspect):
    path = tmp_path / "m.keras"
    tiny.with_own_layer().save(path)
    said, hint = refusal(inspect, path)
    assert said.startswith(
        f"{path} has a layer or function of its own, whose code is not in the file: "
    )
    assert "model.export(folder)" in hint


def test_texts_are_no_numbers(tmp_path, tiny, inspect):
    path = tmp_path / "m.keras"
    tiny.texts().save(path)
    said, _ = refusal(inspect, path)
    assert said.startswith(f"input 'text' of {path} is a tensor of type string, not of numbers")


def test_shapes_that_it_does_not_take(tmp_path, tiny, prepare):
    path = tmp_path / "m.keras"
    tiny.keras.Sequential(
        [tiny.keras.Input((None,), name="x"), tiny.layers.Reshape((2, 2)), tiny.layers.Flatten()]
    ).save(path)
    said, hint = refusal(prepare, path, said={"x": (1, 5)})
    assert said.startswith(f"{path} does not run at x: [1, 5]: ")
    assert "--shape" in hint


@pytest.mark.parametrize("activation", ["gelu", "celu"])
def test_operators_that_tf2onnx_leaves_are_written_in_onnx(prepare, tmp_path, tiny, activation):
    """Erfc and Expm1: without them ONNX Runtime, and with it the baseline, had no row."""
    model = tiny.activated(activation)
    model.save(tmp_path / "m.keras")
    source = prepare(tmp_path / "m.keras")
    assert not {"Erfc", "Expm1"} & source.operators.keys()
    arrays = {"x": 2 * random(1, 8) - 1}
    expected = {source.outputs[0].name: model(arrays["x"])}
    assert_alike(source, arrays, expected)


@pytest.mark.parametrize(
    ("name", "takes"), [("log1p", 1), ("xlogy", 2), ("xdivy", 2), ("multiply_no_nan", 2)]
)
def test_more_of_those_operators(name, takes):
    """Zero where the first (of `multiply_no_nan` the second) is zero, whatever the other is."""
    import tensorflow as tf
    import tf2onnx

    from edgeopt.sources.tensorflow_operators import handlers

    signature = [tf.TensorSpec((3,), tf.float32, f"x{i}") for i in range(takes)]
    function = tf.function(getattr(tf.math, name), input_signature=signature)
    given = [np.array([0.0, 2.0, 0.5], np.float32), np.array([0.0, 3.0, 0.0], np.float32)][:takes]
    made, _ = tf2onnx.convert.from_function(
        function, input_signature=signature, opset=17, custom_op_handlers=handlers()
    )
    session = ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    [answer] = session.run(None, dict(zip(names, given, strict=True)))
    np.testing.assert_allclose(answer, function(*given).numpy(), rtol=1e-5, atol=1e-6)
