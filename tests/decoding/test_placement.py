"""What a family does to an image is undone for its boxes."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.decoding.detections import Detections
from edgeopt.decoding.placement import WAYS, NoPlacement, placement

IMAGES = [(480, 640), (640, 480), (333, 1000), (50, 40), (1, 7), (640, 640)]


def detections(boxes, **others):
    boxes = np.asarray(boxes, np.float64)
    return Detections(boxes, np.ones(len(boxes)), np.zeros(len(boxes), np.int64), **others)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("image", IMAGES)
def test_points_come_back(way, image):
    place = placement(way, image, (320, 416))
    points = np.random.default_rng(0).uniform(0, image[::-1], (50, 2))
    np.testing.assert_allclose(place.taken_back(place.placed(points)), points, atol=1e-9)


@pytest.mark.parametrize("way", WAYS)
def test_boxes_key_points_and_masks_come_back(way):
    image = (240, 300)
    place = placement(way, image, (160, 160))
    box = np.array([[120, 90, 180, 150.0]])
    mask = np.zeros((1, 160, 160), bool)
    x1, y1, x2, y2 = np.round(place.placed(box.reshape(2, 2))).astype(int).ravel()
    mask[0, y1:y2, x1:x2] = True
    points = np.array([[[130, 100, 0.5], [170, 140, 0.25]]])
    found = place.undone(
        detections(
            place.placed(box.reshape(-1, 2)).reshape(-1, 4),
            keypoints=np.concatenate([place.placed(points[..., :2]), points[..., 2:]], axis=2),
            masks=mask,
        )
    )
    np.testing.assert_allclose(found.boxes, box, atol=1e-9)
    np.testing.assert_allclose(found.keypoints, points, atol=1e-9)
    assert found.masks.shape == (1, *image)
    expected = np.zeros(image, bool)
    expected[90:150, 120:180] = True
    assert (found.masks[0] & expected).sum() / (found.masks[0] | expected).sum() > 0.93


def test_letterbox_as_ultralytics_has_it():
    """`LetterBox`: the ratio of the tighter side, rounded; odd padding a pixel less before."""
    place = placement("letterbox", (1080, 810), (640, 640))
    assert (place.resized, place.left, place.top) == ((640, 480), 80, 0)
    odd = placement("letterbox", (333, 500), (640, 640))
    assert odd.resized == (426, 640)
    assert (odd.left, odd.top) == (0, 107)
    wide = placement("letterbox", (427, 640), (640, 640))  # 106.5 above
    assert (wide.resized, wide.top) == ((427, 640), 106)


def test_yoloxs_corner():
    """`preproc`: sides cut to whole pixels, in the upper left corner."""
    place = placement("corner", (427, 650), (416, 416))
    assert (place.resized, place.left, place.top) == ((int(427 * 0.64), 416), 0, 0)


@pytest.mark.parametrize(
    ("image", "width"), [((24, 100), 200), ((48, 320), 320), ((20, 400), 320), ((33, 100), 146)]
)
def test_a_line_as_paddleocr_has_it(image, width):
    """`resize_norm_img`: `ceil(imgH * ratio)`, and not more than the input is wide."""
    place = placement("line", image, (48, 320))
    assert (place.resized, place.left, place.top) == ((48, width), 0, 0)


def test_stretch_and_crop():
    assert placement("stretch", (480, 640), (300, 300)).scale == (300 / 640, 300 / 480)
    crop = placement("crop", (480, 640), (240, 240))
    assert (crop.resized, crop.left, crop.top) == ((240, 320), -40, 0)


def test_boxes_end_at_the_image():
    place = placement("letterbox", (100, 200), (200, 200))
    found = place.undone(detections([[-5, 40, 210, 190]]))
    np.testing.assert_allclose(found.boxes, [[0, 0, 200, 100]])


def test_rotated_boxes_come_back_unless_stretched():
    turned = np.array([[80, 80, 40, 20, 0.3]])
    place = placement("letterbox", (320, 320), (160, 160))
    found = place.undone(detections([[60, 60, 100, 100]], rotated=turned))
    np.testing.assert_allclose(found.rotated, [[160, 160, 80, 40, 0.3]])
    with pytest.raises(ValueError, match="stretched"):
        placement("stretch", (100, 320), (160, 160)).undone(
            detections([[60, 60, 100, 100]], rotated=turned)
        )


@pytest.mark.parametrize("way", ["letterbox", "corner"])
@pytest.mark.parametrize("image", [(60, 5000), (5000, 60), (3, 4999), (1, 3000), (20, 30)])
def test_rotated_boxes_of_narrow_images_come_back(way, image):
    """Their shorter side is rounded to whole pixels, which is no stretching."""
    place = placement(way, image, (640, 640))
    found = place.undone(detections([[0, 0, 9, 9]], rotated=np.array([[5, 5, 40, 20, 0.3]])))
    ratio = 640 / max(image)
    np.testing.assert_allclose(found.rotated[0, 2:4], [40 / ratio, 20 / ratio], rtol=2e-3)


@pytest.mark.parametrize("image", [(60, 5000), (640, 700)])
def test_rotated_boxes_of_a_stretched_image_are_refused(image):
    with pytest.raises(NoPlacement, match="stretched"):
        _ = placement("stretch", image, (640, 640)).side_scale


@pytest.mark.parametrize(
    ("way", "image"), [("fill", (10, 10)), ("letterbox", (0, 10)), ("stretch", (10, 0))]
)
def test_what_cannot_be_placed_is_refused(way, image):
    with pytest.raises(ValueError, match=r"fill|image of"):
        placement(way, image, (160, 160))
