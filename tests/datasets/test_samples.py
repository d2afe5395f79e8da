import numpy as np
import pytest

from edgeopt.datasets.samples import Samples, from_arrays
from edgeopt.domain.errors import BadInput


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    return Samples(
        inputs={"a": rng.normal(size=(6, 3)), "b": np.arange(6)},
        labels=np.arange(6),
        groups=np.array(["x", "x", "y", "y", "z", "z"]),
        origin="here",
    )


def test_take_keeps_everything_together(samples):
    taken = samples.take([4, 1])
    assert len(taken) == 2
    np.testing.assert_array_equal(taken.inputs["a"], samples.inputs["a"][[4, 1]])
    assert taken.inputs["b"].tolist() == taken.labels.tolist() == [4, 1]
    assert taken.groups.tolist() == ["z", "x"]
    assert taken.origin == "here"


def test_take_without_labels_and_groups():
    taken = Samples({"x": np.arange(3)}).take([0])
    assert taken.labels is None
    assert taken.groups is None


def test_sha256_is_of_the_content(samples):
    reordered = Samples(
        dict(reversed(samples.inputs.items())), samples.labels, samples.groups, "elsewhere"
    )
    assert reordered.sha256() == samples.sha256()
    assert len(samples.sha256()) == 64


@pytest.mark.parametrize(
    "other",
    [
        {"x": np.array([1.0, 2.0], np.float32)},
        {"x": np.array([1, 3])},
        {"y": np.array([1, 2])},
        {"x": np.array([[1, 2]])},
        {"x": np.array([1, 2]), "labels": np.array([0, 1])},
        {"x": np.array([1, 2]), "groups": np.array([0, 1])},
    ],
)
def test_sha256_tells_contents_apart(other):
    one = from_arrays({"x": np.array([1, 2])}, ["x"], "")
    assert from_arrays(other, ["x", "y"], "").sha256() != one.sha256()


def test_row_hashes_are_equal_where_the_inputs_are():
    rows = np.array([[1.0, 2], [3, 4], [1, 2], [1, 2]])
    second = np.array([0, 0, 0, 1])
    hashes = Samples({"a": rows, "b": second}, labels=np.arange(4)).row_hashes()
    assert hashes[0] == hashes[2]
    assert len({hashes[0], hashes[1], hashes[3]}) == 3


def test_row_hashes_do_not_depend_on_memory_order():
    rows = np.arange(24.0).reshape(4, 2, 3)
    fortran = np.asfortranarray(rows)
    assert Samples({"a": rows}).row_hashes() == Samples({"a": fortran}).row_hashes()
    assert Samples({"a": rows}).sha256() == Samples({"a": fortran}).sha256()


def test_labels_and_groups_are_set_apart():
    samples = from_arrays({"x": [[1.0], [2.0]], "labels": [0, 1], "groups": [7, 7]}, ["x"], "d")
    assert list(samples.inputs) == ["x"]
    assert samples.labels.tolist() == [0, 1]
    assert samples.groups.tolist() == [7, 7]


def test_an_input_may_be_called_labels():
    samples = from_arrays({"x": [1.0], "labels": [3]}, ["x", "labels"], "d")
    assert list(samples.inputs) == ["x", "labels"]
    assert samples.labels is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"labels": [1]},
            "d: no input arrays\n  Give one array for each input of the model: x, y.",
        ),
        ({"x": 3.0}, "d: 'x' is a single value, without an axis for the samples"),
        ({"x": np.array([1, None])}, "d: 'x' holds Python objects, not numbers"),
        ({"x": [[1, 2], [3]]}, "d: 'x' is no array: "),
    ],
)
def test_what_is_no_array_is_refused(arrays, message):
    with pytest.raises(BadInput) as caught:
        from_arrays(arrays, ["x", "y"], "d")
    assert str(caught.value).startswith(message)
