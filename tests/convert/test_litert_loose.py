"""A LiteRT file that is freed of the size at which it was converted."""

import numpy as np
import pytest
from ai_edge_litert.tools import flatbuffer_utils

from edgeopt.convert import litert_sides
from edgeopt.convert.litert_loose import loosen
from edgeopt.domain.errors import EdgeoptError
from edgeopt.domain.open_axis import KeptAxis
from edgeopt.runtimes import litert
from tests.convert.tflite_by_hand import Net

KEPT = KeptAxis(name="length", places={"x": 1}, sizes=(8, 12))


def scores(net, n):
    """x [1, n, 4] with itself: [1, n, n]."""
    return net.add("BATCH_MATMUL", [net.x, net.x], 1, n, n, adjY=True)


def flattened(n, kind="RELU"):
    """[1, n, n] -> [n, n] and back: both sides of the first depend on the length."""
    net = Net(1, n, 4)
    flat = net.reshape(scores(net, n), n, n)
    back = net.reshape(net.add(kind, [flat], n, n), 1, n, n)
    return net, net.add("BATCH_MATMUL", [back, net.x], 1, n, 4)


def of_softmax(n):
    net = Net(1, n, 4)
    flat = net.reshape(scores(net, n), n, n)
    back = net.reshape(net.add("SOFTMAX", [flat], n, n, beta=1.0), 1, n, n)
    return net, net.add("BATCH_MATMUL", [back, net.x], 1, n, 4)


def doubled(n):
    """[2, n, n] -> [n, 2 n]: one number is twice a side."""
    net = Net(1, n, 4)
    own = scores(net, n)
    both = net.add("CONCATENATION", [own, own], 2, n, n, axis=0)
    return net, net.add("RELU", [net.reshape(both, n, 2 * n)], n, 2 * n)


def by_options(n):
    """Older files have the numbers among the options alone."""
    net = Net(1, n, 4)
    made = net.add("RESHAPE", [net.x], 1, 2 * n, 2, newShape=np.array([1, 2 * n, 2], np.int32))
    return net, net.add("RELU", [made], 1, 2 * n, 2)


def loosened(make, tmp_path):
    paths = []
    for size in (12, 8):
        net, output = make(size)
        paths.append(net.write(tmp_path / f"{make.__name__}-{size}.tflite", output))
    loosen(*paths, KEPT)
    return paths[0]


def operators(path):
    model = flatbuffer_utils.read_model(str(path))
    return [litert_sides.kind(model, one) for one in model.subgraphs[0].operators]


def expected(make, x):
    own = x[0] @ x[0].T
    if make is flattened:
        return np.maximum(own, 0) @ x[0]
    if make is of_softmax:
        shares = np.exp(own - own.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True) @ x[0]
    if make is doubled:
        return np.maximum(np.stack([own, own]), 0).reshape(len(own), -1)
    return np.maximum(x, 0).reshape(-1, 2)


@pytest.mark.parametrize("xnnpack", ["default", "off"])
@pytest.mark.parametrize("make", [flattened, of_softmax, doubled, by_options])
def test_a_file_follows_sizes_that_nobody_converted(make, xnnpack, tmp_path):
    session = litert.open_session(str(loosened(make, tmp_path)), 1, {"xnnpack": xnnpack})
    for size in (12, 8, 5, 16):
        x = np.random.default_rng(size).normal(size=(1, size, 4)).astype(np.float32)
        [found] = session.run([x])
        wanted = expected(make, x)
        assert found.size == wanted.size
        np.testing.assert_allclose(found.reshape(wanted.shape), wanted, atol=1e-4)


def test_what_a_softmax_need_not_flatten_is_left_as_it_is(tmp_path):
    assert operators(loosened(of_softmax, tmp_path)) == ["BATCH_MATMUL", "SOFTMAX", "BATCH_MATMUL"]
    assert operators(loosened(flattened, tmp_path)).count("SHAPE") == 2


def pooled(n):
    """The mean of the whole length: the window is an option."""
    net = Net(1, 1, n, 4)
    window = {"filterWidth": n, "filterHeight": 1, "strideW": 1, "strideH": 1, "padding": 1}
    return net, net.add("AVERAGE_POOL_2D", [net.x], 1, 1, 1, 4, **window)


def grouped(n):
    """[1, n, n] -> [n / 4, n / 2, 8]: neither number is a multiple of a side."""
    net = Net(1, n, 4)
    return net, net.reshape(scores(net, n), n // 4, n // 2, 8)


def wired(n):
    """What is added is another tensor at each size."""
    net = Net(1, n, 4)
    above = net.add("RELU", [net.x], 1, n, 4)
    return net, net.add("ADD", [above, net.x if n == 8 else above], 1, n, 4)


def shared_out(n):
    """What is added is a reshaped constant, of as many numbers at each size."""
    net = Net(1, n, 4)
    shares = net.reshape(net.reals(*np.arange(4) / n), 1, 1, 4)
    return net, net.add("ADD", [net.x, shares], 1, n, 4)


def numbered(n):
    """The same, and the numbers of its RESHAPE differ, too."""
    net = Net(1, n, 4)
    shares = net.reshape(net.reals(*np.arange(n) / n), 1, n, 1)
    return net, net.add("ADD", [net.x, shares], 1, n, 4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (pooled, "the size is written into the options of its AVERAGE_POOL_2D"),
        (grouped, r"several sides of a RESHAPE depend on the size, \[3, 6, 8\] at 12"),
        (shared_out, "the size is written into its RESHAPE"),
        (numbered, "the size is written into its RESHAPE"),
        (wired, "the converter makes other operators of each size"),
    ],
)
def test_what_depends_on_the_size_otherwise_is_refused(make, words, tmp_path):
    with pytest.raises(EdgeoptError, match=f"cannot keep length open: {words}"):
        loosened(make, tmp_path)


@pytest.mark.parametrize(
    ("large", "small", "sides", "free"),
    [
        ([320, 40], [160, 20], ([1, 8, 40, 40], [1, 8, 20, 20]), ([-1, 40], {1: (2, 1)})),
        ([1, 40, 3], [1, 20, 3], ([40, 3], [20, 3]), ([1, -1, 3], {})),
        # A product of two sides is what is left; the other number is computed.
        ([8, 1600, 80], [8, 400, 40], ([1, 40, 40, 640], [1, 20, 20, 320]),
         ([8, -1, 80], {2: (1, 2)})),
        ([1600, 6400], [400, 1600], ([40, 40], [20, 20]), None),
        ([40, 40], [400], ([40, 40], [20, 20]), None),
    ],
)  # fmt: skip
def test_numbers_that_hold_at_every_size(large, small, sides, free):
    found = litert_sides.freed(
        (np.array(large), np.array(small)), (np.array(sides[0]), np.array(sides[1]))
    )
    if free is None:
        assert found is None
        return
    shape, computed = free
    assert [-1 if one == -1 else at for one, at in zip(found.shape, large, strict=True)] == [
        -1 if one == -1 else at for one, at in zip(shape, large, strict=True)
    ]
    assert found.computed == computed
