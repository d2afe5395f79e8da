import numpy as np
import pytest

from edgeopt.decoding import points
from edgeopt.decoding.outputs import WrongHead

SIZE = (256, 192)
WHERE = np.array([[40.0, 100], [148, 20], [88, 200.0]])


def peaks(places, stride=4):
    """Gaussians, as the training targets of SimpleBaseline and HRNet."""
    y, x = np.indices((SIZE[0] // stride, SIZE[1] // stride))
    off = [(x - px / stride) ** 2 + (y - py / stride) ** 2 for px, py in places]
    return np.exp(-np.stack(off) / (2 * 2**2))


@pytest.mark.parametrize("last", [False, True])
def test_heatmaps(last):
    places = WHERE + np.array([[1, 0], [0, -1], [-1, 1]])  # a quarter of a heat map's pixel
    maps = peaks(places)
    maps = maps.transpose(1, 2, 0) if last else maps
    found = points.decode({"o": maps[None]}, SIZE, 3, "heatmaps")
    np.testing.assert_allclose(found[:, :2], places)
    assert (found[:, 2] > 0.9).all()


@pytest.mark.parametrize("swapped", [False, True])
def test_simcc(swapped):
    across = np.zeros((1, 3, SIZE[1] * 2))
    down = np.zeros((1, 3, SIZE[0] * 2))
    for i, (x, y) in enumerate(WHERE):
        across[0, i, int(2 * x)], down[0, i, int(2 * y)] = 0.8, 0.6
    outputs = {"a": down, "b": across} if swapped else {"a": across, "b": down}
    found = points.decode(outputs, SIZE, 3, "simcc")
    np.testing.assert_allclose(found[:, :2], WHERE)
    np.testing.assert_allclose(found[:, 2], 0.6)


def test_movenet():
    shares = np.stack([WHERE[:, 1] / SIZE[0], WHERE[:, 0] / SIZE[1], [0.9, 0.1, 0.5]], axis=1)
    found = points.decode({"o": shares[None, None]}, SIZE, 3, "movenet")
    np.testing.assert_allclose(
        found, [[*xy, s] for xy, s in zip(WHERE, [0.9, 0.1, 0.5], strict=True)]
    )


@pytest.mark.parametrize("each", [2, 3, 5])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("shares", [False, True])
def test_plain_points(each, flat, shares):
    table = np.zeros((3, each))
    table[:, :2] = WHERE / ([SIZE[1], SIZE[0]] if shares else 1)
    found = points.decode({"o": table.reshape(1, -1) if flat else table[None]}, SIZE, 3, "points")
    np.testing.assert_allclose(found[:, :2], WHERE)
    assert found[:, 2].tolist() == [0.5 if each > 3 else 1] * 3


@pytest.mark.parametrize(
    ("outputs", "form"),
    [
        ({"o": peaks(WHERE)}, "heatmaps"),
        ({"a": np.ones((1, 3, 384)), "b": np.ones((1, 3, 512))}, "simcc"),
        ({"o": np.full((1, 1, 3, 3), 0.5)}, "movenet"),
        ({"o": np.full((1, 9), 50.0)}, "points"),
        ({"o": np.full((1, 9), 50.0), "score": np.ones((1, 1))}, "points"),
        ({"o": np.zeros((1, 1000))}, None),
        ({"o": np.full((1, 9), np.nan)}, None),
    ],
)
def test_a_form_is_certain_where_only_it_fits(outputs, form):
    assert points.certain(outputs, SIZE, 3) == form


@pytest.mark.parametrize("form", points.FORMS)
def test_another_form_is_refused_with_the_shapes_that_are_wanted(form):
    with pytest.raises(WrongHead, match=f"the head {form} wants"):
        points.decode({"o": np.zeros((1, 84, 8400))}, SIZE, 3, form)
    with pytest.raises(ValueError, match="'nothing' is none of heatmaps"):
        points.decode({}, SIZE, 3, "nothing")
