import numpy as np
import pytest

from edgeopt.datasets.check import check, constant_inputs
from edgeopt.datasets.samples import Samples
from edgeopt.domain.errors import BadInput
from edgeopt.domain.tensor import TensorSpec


def spec(name="x", dtype="float32", shape=(1, 3)):
    return TensorSpec(name=name, dtype=dtype, shape=shape)


def fit(array, *specs, **others):
    """The one input after `check`."""
    samples = check(Samples({"x": array}, **others), specs or (spec(),), "f.npz")
    (fitted,) = samples.inputs.values()
    return fitted


def message_of(inputs, *specs, **others):
    with pytest.raises(BadInput) as caught:
        check(Samples(inputs, **others), specs or (spec(),), "f.npz")
    return str(caught.value)


@pytest.mark.parametrize(
    ("shape", "wanted", "expected"),
    [
        ((5, 3), (1, 3), (5, 1, 3)),
        ((5, 1, 3), (1, 3), (5, 1, 3)),
        ((5, 3), (None, 3), (5, 1, 3)),
        ((5, 2, 3), (None, 3), (5, 2, 3)),
        ((5, 7), (1, None), (5, 1, 7)),
        ((5,), (1,), (5, 1)),
        ((5, 1), (1,), (5, 1)),
        ((5,), (), (5,)),
        ((5, 2, 3), (2, 3), (5, 2, 3)),
        ((1, 3, 4), (1, 3, 4), (1, 1, 3, 4)),
        ((5, 0, 4), (1, None, 4), (5, 1, 0, 4)),
        ((5, 7, 4), (7, 1, 4), (5, 7, 1, 4)),
        ((5, 7, 1, 4), (7, 1, 4), (5, 7, 1, 4)),
    ],
)
def test_shapes_that_fit(shape, wanted, expected):
    fitted = fit(np.ones(shape, np.float32), spec(shape=wanted))
    assert fitted.shape == expected
    assert fitted.dtype == np.float32


def test_one_array_for_one_input_fits_under_any_name():
    samples = check(Samples({"whatever": np.ones((2, 3), np.float32)}), (spec(),), "f.npz")
    assert list(samples.inputs) == ["x"]


def test_inputs_come_in_the_models_order():
    two = (spec("b"), spec("a"))
    inputs = {"a": np.ones((2, 3)), "b": np.zeros((2, 3))}
    assert list(check(Samples(inputs), two, "f.npz").inputs) == ["b", "a"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["image"],
            "f.npz: inputs 'x', 'state' missing; no input of the model is called 'image'\n",
        ),
        (["x"], "f.npz: input 'state' missing\n"),
        (["x", "sate"], "called 'sate'; did you mean 'state'?\n"),
        (["x", "state", "stat"], "f.npz: no input of the model is called 'stat'; did you mean"),
    ],
)
def test_names_that_do_not_fit(names, message):
    text = message_of({name: np.ones((2, 3)) for name in names}, spec("x"), spec("state"))
    assert message in text
    assert text.endswith("The model takes x: float32[1x3], state: float32[1x3].")


@pytest.mark.parametrize(
    ("shape", "wanted", "message"),
    [
        ((5, 4), (1, 3), "f.npz: 'x' has shape [5, 4], but the model takes [n, 3]\n  The first"),
        ((5, 4), (1, None, 3), "'x' has shape [5, 4], but the model takes [n, ?, 3]"),
        ((5, 3), (2, 3), "'x' has shape [5, 3], but the model takes [n, 2, 3]"),
        ((5, 3), (), "'x' has shape [5, 3], but the model takes [n]"),
        ((5, 9, 9, 3), (1, 3, 9, 9), "[n, 3, 9, 9]\n  The same axes in another order: transpose"),
    ],
)
def test_shapes_that_do_not_fit(shape, wanted, message):
    assert message in message_of({"x": np.ones(shape, np.float32)}, spec(shape=wanted))


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("float64", "float32"),
        ("float16", "float32"),
        ("float32", "float16"),
        ("int32", "int64"),
        ("int64", "int32"),
        ("uint8", "int8"),
        ("bool", "int64"),
        ("int64", "bool"),
    ],
)
def test_types_that_fit(found, wanted):
    array = np.array([[0, 1, 1], [1, 0, 1]]).astype(found)
    fitted = fit(array, spec(dtype=wanted))
    assert fitted.dtype == np.dtype(wanted)
    np.testing.assert_array_equal(fitted[:, 0], array.astype(wanted))


@pytest.mark.parametrize(
    ("array", "wanted", "message"),
    [
        (
            np.ones((2, 3), np.uint8),
            "float32",
            "f.npz: 'x' holds uint8, but the model takes float32\n"
            "  Normalise it as in training and save it as float32; raw pixels rarely fit.",
        ),
        (
            np.ones((2, 3), np.int64),
            "float32",
            "'x' holds int64, but the model takes float32\n  Normalise it as in training, if",
        ),
        (
            np.ones((2, 3)),
            "int64",
            "'x' holds float64, but the model takes int64\n"
            "  If its values are whole numbers, save it with .astype('int64').",
        ),
        (np.array([["a"] * 3]), "float32", "'x' holds <U1, but the model takes float32"),
        (np.ones((2, 3), np.complex64), "float32", "'x' holds complex64, but the model takes"),
        (np.array([[-1, 0, 300]]), "int8", "values from -1 to 300, which do not fit the model's"),
        (np.array([[0, 1, 2]]), "bool", "values from 0 to 2, which do not fit the model's bool"),
        (np.array([[0, -1e6, 1]]), "float16", "holds values up to 1e+06, too large for float16"),
    ],
)
def test_types_that_do_not_fit(array, wanted, message):
    assert message in message_of({"x": array}, spec(dtype=wanted))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(bad):
    array = np.ones((5, 3))
    array[2, 1] = array[4, :] = bad
    assert message_of({"x": array}).startswith(
        "f.npz: 'x' has NaN or infinite values in 2 of 5 samples, first in sample 2\n"
    )


def test_different_numbers_of_samples():
    inputs = {"x": np.ones((2, 3)), "y": np.ones((4, 3))}
    assert message_of(inputs, spec("x"), spec("y")).startswith(
        "f.npz: the inputs have different numbers of samples: 'x' has 2, 'y' has 4\n"
    )


def test_no_samples():
    assert message_of({"x": np.ones((0, 3))}) == "f.npz: holds no samples"


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(3), "f.npz: 3 labels for 2 samples"),
        (np.array(["cat", "dog"]), "f.npz: the labels hold <U3, not numbers\n  Give each class"),
        (np.array([1, np.nan]), "'labels' has NaN or infinite values in 1 of 2 samples, first in"),
    ],
)
def test_labels_that_do_not_fit(labels, message):
    assert message in message_of({"x": np.ones((2, 3))}, labels=labels)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.arange(3), "f.npz: groups of shape [3] for 2 samples"),
        (np.ones((2, 2)), "f.npz: groups of shape [2, 2] for 2 samples"),
        (np.array([1, np.nan]), "'groups' has NaN or infinite values in 1 of 2"),
    ],
)
def test_groups_that_do_not_fit(groups, message):
    assert message in message_of({"x": np.ones((2, 3))}, groups=groups)


def test_labels_and_groups_are_kept():
    samples = Samples({"x": np.ones((2, 3))}, np.array([0, 1]), np.array(["a", "b"]), "here")
    checked = check(samples, (spec(),), "f.npz")
    assert checked.labels is samples.labels
    assert checked.groups is samples.groups
    assert checked.origin == "here"


def test_constant_inputs_are_warned_of():
    inputs = {
        "audio": np.random.default_rng(0).normal(size=(4, 3)),
        "state": np.zeros((4, 2)),
        "rate": np.full(4, 16000),
    }
    (warning,) = constant_inputs(Samples(inputs, origin="f.npz"))
    assert str(warning) == (
        "input 'state' is the same in all 4 samples of f.npz. "
        "What is calibrated or scored on it holds for this one value only: vary it as in use."
    )


def test_a_single_sample_is_not_constant():
    assert constant_inputs(Samples({"x": np.zeros((1, 3))})) == ()


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((6, 20, 8), (20, 1, 8)),  # [time, batch, features]
        ((6, 3, 5), (3, 5, 1)),
        ((6, 2, 0, 4), (1, 2, 0, 4)),  # a past of length 0
    ],
)
def test_the_batch_may_stand_on_any_axis(shape, wanted):
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    fitted = check(Samples({"x": array}, origin="data"), [spec(shape=wanted)], "data")
    assert fitted.inputs["x"].shape == (6, *wanted)
    np.testing.assert_array_equal(fitted.inputs["x"].reshape(shape), array)
    assert constant_inputs(fitted) == ()
