import numpy as np
import pytest

from edgeopt.domain.open_axis import KeptAxis
from edgeopt.domain.tensor import Binding
from edgeopt.harness.feed import Feed
from edgeopt.harness.in_sizes import Sizes, joined

KEPT = KeptAxis(name="w", places={"x": 2}, sizes=(2, 4))
OF = np.array([4, 2, 4])


def binding(**said):
    usual = {"source": "x", "name": "x", "index": 0, "dtype": "float32", "shape": (1, 3, 4)}
    return Binding(**{**usual, **said})


@pytest.fixture
def feed(tmp_path):
    x = np.arange(3 * 12, dtype=np.float32).reshape(3, 1, 3, 4)
    return Feed({"x": x}, tmp_path, sizes=Sizes(KEPT, OF)), x


def test_what_is_timed_is_the_largest_size(feed):
    given, x = feed
    [path] = given.timed().files((binding(),))
    np.testing.assert_array_equal(np.load(path), x)


def test_each_size_has_its_own_samples_cut_to_it(feed):
    given, x = feed
    assert given.cut_to(2) is given.cut_to(2)
    [path] = given.cut_to(2).files((binding(),))
    np.testing.assert_array_equal(np.load(path), x[[1], ..., :2])
    [path] = given.cut_to(4).files((binding(),))
    np.testing.assert_array_equal(np.load(path), x[[0, 2]])


def test_an_artifact_of_another_layout_is_fed_cut_too(feed):
    given, x = feed
    turned = binding(shape=(1, 4, 3), permute=(0, 2, 1))
    [path] = given.cut_to(2).files((turned,))
    np.testing.assert_array_equal(np.load(path), x[[1], ..., :2].transpose(0, 1, 3, 2))


def test_where_no_sample_is_of_a_size_all_are_cut_to_it(tmp_path):
    x = np.arange(24, dtype=np.float32).reshape(2, 1, 3, 4)
    given = Feed({"x": x}, tmp_path, sizes=Sizes(KEPT, np.array([4, 4])))
    [path] = given.cut_to(2).files((binding(),))
    np.testing.assert_array_equal(np.load(path), x[..., :2])


def test_answers_are_put_together_with_infinity_past_their_end():
    small = {"y": np.array([[1.0, 2.0]], np.float32), "z": np.array([[7]])}
    large = {"y": np.array([[3.0, 4.0, 5.0, 6.0]], np.float32), "z": np.array([[8]])}
    found = joined({"y": (4,), "z": (1,)}, 2, [(np.array([1]), small), (np.array([0]), large)])
    inf = np.inf
    np.testing.assert_array_equal(found["y"], [[3, 4, 5, 6], [1, 2, inf, inf]])
    assert found["y"].dtype == np.float32
    np.testing.assert_array_equal(found["z"], [[8], [7]])
