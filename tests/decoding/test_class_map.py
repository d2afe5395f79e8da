import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from edgeopt.decoding import class_map
from edgeopt.decoding.outputs import WrongHead
from edgeopt.decoding.placement import WAYS, placement

SIZE = (24, 32)


def scores(classes=3, height=12, width=16):
    return np.random.default_rng(0).normal(size=(classes, height, width))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("image", [(24, 32), (50, 40), (10, 60)])
def test_enlarged_as_scipy_does(way, image):
    place = placement(way, image, SIZE)
    planes = scores()
    y, x = np.indices(image) + 0.5
    points = place.placed(np.stack([x, y], axis=-1))
    at = [points[..., 1] / 2 - 0.5, points[..., 0] / 2 - 0.5]
    wanted = [map_coordinates(plane, at, order=1, mode="nearest") for plane in planes]
    found = class_map.decode({"o": planes[None]}, SIZE, place)
    assert found.shape == image
    np.testing.assert_array_equal(found, np.argmax(wanted, axis=0))


def test_every_layout_gives_the_same():
    place = placement("stretch", (30, 30), SIZE)
    planes = scores()
    wanted = class_map.decode({"o": planes}, SIZE, place)
    for array in (planes[None], planes.transpose(1, 2, 0), planes.transpose(1, 2, 0)[None]):
        np.testing.assert_array_equal(class_map.decode({"o": array}, SIZE, place), wanted)
    assert class_map.count({"o": planes}, SIZE) == 3


@pytest.mark.parametrize("shape", [(1, 1, 24, 32), (24, 32), (1, 24, 32, 1)])
def test_one_plane_is_a_probability_or_a_logit(shape):
    place = placement("stretch", SIZE, SIZE)
    logits = scores(1, 24, 32)[0]
    logits[:3] = 5  # what is a logit for certain
    found = class_map.decode({"o": logits.reshape(shape)}, SIZE, place)
    np.testing.assert_array_equal(found, logits > 0)
    shares = 1 / (1 + np.exp(-logits))
    found = class_map.decode({"o": shares.reshape(shape)}, SIZE, place, threshold=0.3)
    np.testing.assert_array_equal(found, shares > 0.3)
    assert class_map.count({"o": shares.reshape(shape)}, SIZE) == 2


@pytest.mark.parametrize("dtype", [np.int64, np.uint8])
@pytest.mark.parametrize("shape", [(1, 1, 12, 16), (12, 16), (1, 12, 16, 1)])
def test_class_numbers_are_taken_as_they_are(dtype, shape):
    numbers = scores().argmax(axis=0).astype(dtype)
    found = class_map.decode({"o": numbers.reshape(shape)}, SIZE, placement("stretch", SIZE, SIZE))
    np.testing.assert_array_equal(found, numbers.repeat(2, axis=0).repeat(2, axis=1))


@pytest.mark.parametrize(
    "outputs",
    [
        {"o": np.zeros((1, 5, 8400))},
        {"o": np.zeros((1, 1000))},
        {"o": scores(), "p": scores()},
        {"o": np.full((3, 12, 16), np.nan)},
        {"o": scores(3, 12, 12)},
    ],
)
def test_what_is_no_map_is_refused_with_the_shapes_that_are_wanted(outputs):
    with pytest.raises(WrongHead, match=r"wants one output of scores .* the outputs are"):
        class_map.decode(outputs, SIZE, placement("stretch", SIZE, SIZE))


def test_another_output_beside_the_map_does_not_matter():
    place = placement("stretch", SIZE, SIZE)
    alone = class_map.decode({"o": scores()}, SIZE, place)
    beside = class_map.decode({"o": scores(), "boxes": np.zeros((1, 5, 100))}, SIZE, place)
    np.testing.assert_array_equal(alone, beside)


def enlarged_whole(planes, size, place):
    """Every score enlarged in float64, then the best: what `decode` must give to the pixel."""
    planes = planes.astype(np.float64)
    for axis, (long, scale, start, side) in enumerate(
        zip(place.image, place.scale[::-1], (place.top, place.left), size, strict=True), 1
    ):
        small = planes.shape[axis]
        at = np.clip(((np.arange(long) + 0.5) * scale + start) * small / side - 0.5, 0, small - 1)
        low = np.minimum(at.astype(np.int64), max(small - 2, 0))
        part = (at - low).reshape([-1 if i == axis else 1 for i in range(3)])
        high = np.minimum(low + 1, small - 1)
        planes = planes.take(low, axis) * (1 - part) + planes.take(high, axis) * part
    return planes.argmax(axis=0)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("image", [(24, 32), (48, 64), (31, 17), (9, 70)])
@pytest.mark.parametrize("kind", ["smooth", "noise", "ties", "flat", "narrow"])
def test_the_best_of_each_pixel_is_that_of_all_scores_enlarged(kind, image, last):
    rng = np.random.default_rng(len(kind) + image[0])
    coarse = rng.normal(size=(5, 4, 4)).repeat(6, axis=1).repeat(8, axis=2)
    scores = {
        "smooth": coarse,
        "noise": rng.normal(size=(5, 24, 32)),
        "ties": rng.integers(0, 3, (5, 24, 32)),
        "flat": np.full((5, 24, 32), 0.25),
        "narrow": 1e6 + coarse * 1e-3,  # differences below what float32 tells apart
    }[kind].astype(np.float32)
    for way in ("stretch", "letterbox"):
        place = placement(way, image, (24, 32))
        given = scores.transpose(1, 2, 0) if last else scores
        found = class_map.decode({"y": given[None]}, (24, 32), place)
        assert found.dtype == np.int16
        np.testing.assert_array_equal(found, enlarged_whole(scores, (24, 32), place))
