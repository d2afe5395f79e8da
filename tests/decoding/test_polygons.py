"""Lines of text found in maps that are drawn by construction."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from scipy import ndimage

from edgeopt.decoding import polygons, rotated

HAS_OPENCV = importlib.util.find_spec("cv2") is not None


def drawn(boxes, size=(200, 300), probability=0.9):
    """A map with rotated boxes [m, 5] in it."""
    ys, xs = np.mgrid[: size[0], : size[1]]
    plane = np.full(size, 0.02)
    for x, y, wide, high, angle in boxes:
        along = (xs - x) * np.cos(angle) + (ys - y) * np.sin(angle)
        across = (ys - y) * np.cos(angle) - (xs - x) * np.sin(angle)
        plane[(np.abs(along) <= wide / 2) & (np.abs(across) <= high / 2)] = probability
    return plane


def grown(box, by):
    """What DB's offset makes of a box, `by`: its area * unclip / perimeter."""
    x, y, wide, high, angle = box
    return np.array([[x, y, wide + 2 * by, high + 2 * by, angle]])


@pytest.mark.parametrize("angle", [0.0, 0.2, -0.5, 1.2, np.pi / 4])
def test_a_line_is_found_where_it_was_drawn(angle):
    box = (150, 100, 90, 24, angle)
    found = polygons.regions(drawn([box]))
    expected = rotated.corners(grown(box, 90 * 24 * polygons.UNCLIP / (2 * 114)))[0]
    assert len(found.scores) == 1
    near = np.linalg.norm(found.corners[0][:, None] - expected, axis=2).min(axis=1)
    assert near.max() < 2.5  # pixels have corners
    assert found.scores[0] == pytest.approx(0.9, abs=0.08)


def test_corners_go_clockwise_from_the_upper_left():
    [corners] = polygons.regions(drawn([(150, 100, 90, 24, 0.1)])).corners
    assert corners[0].sum() == corners.sum(axis=1).min()
    assert corners[1, 0] > corners[0, 0]
    assert corners[2, 1] > corners[1, 1]


def test_lines_apart_are_two_the_surest_first_and_weak_or_thin_ones_none():
    plane = drawn([(80, 40, 60, 12, 0)], probability=0.7)
    plane = np.maximum(plane, drawn([(200, 150, 60, 12, 0)], probability=0.95))
    plane = np.maximum(plane, drawn([(80, 100, 60, 12, 0)], probability=0.4))  # below the score
    plane[180, 20:90] = 0.9  # one pixel high
    found = polygons.regions(plane)
    assert found.scores.tolist() == pytest.approx([0.95, 0.7], abs=0.01)
    np.testing.assert_allclose(found.corners.mean(axis=1), [[200, 150], [80, 40]])


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nothing_and_everything(value):
    found = polygons.regions(np.full((32, 48), value))
    assert len(found.scores) == int(value)
    assert found.corners.shape == (int(value), 4, 2)
    clipped = found.inside((32, 48)).corners
    assert clipped.shape == (int(value), 4, 2)
    assert ((clipped >= 0) & (clipped <= (48, 32))).all()


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.9])
def test_regions_are_scipys(share):
    mask = np.random.default_rng(int(100 * share)).random((60, 70)) < share
    labels, count = polygons.connected(mask)
    expected, number = ndimage.label(mask, np.ones((3, 3)))
    assert count == number
    pairs = {*zip(labels.ravel().tolist(), expected.ravel().tolist(), strict=True)}
    assert len(pairs) == count + 1


def test_a_spiral_and_a_comb_are_one_region_each():
    comb = np.zeros((9, 21), bool)
    comb[:8, ::2] = comb[8] = True
    assert polygons.connected(comb)[1] == 1
    assert polygons.connected(comb[:8])[1] == 11
    corners = np.eye(6, dtype=bool)
    assert polygons.connected(corners)[1] == 1
    assert polygons.connected(corners[::-1])[1] == 1


def test_no_turn_of_the_points_has_a_smaller_rectangle():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(40, 2)) @ np.array([[5.0, 1], [0.3, 1]])
    corners = polygons.smallest_rectangle(points)
    wide, high = np.linalg.norm(corners[1:3] - corners[:2], axis=1)
    areas = []
    for angle in np.linspace(0, np.pi / 2, 2000):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        areas.append(np.ptp(points @ turn, axis=0).prod())
    assert wide * high <= min(areas) * (1 + 1e-9)
    assert wide * high == pytest.approx(min(areas), rel=1e-3)


@pytest.mark.parametrize("points", [[[3, 4]], [[0, 0], [2, 2]], [[0, 0], [1, 1], [2, 2]]])
def test_few_points(points):
    corners = polygons.smallest_rectangle(np.array(points, float))
    assert np.isfinite(corners).all()
    assert corners.min(axis=0).tolist() == pytest.approx(np.min(points, axis=0).tolist())


@pytest.mark.skipif(not HAS_OPENCV, reason="OpenCV is not installed")
@pytest.mark.parametrize("seed", range(3))
def test_the_rectangle_is_opencvs(seed):
    import cv2

    points = np.random.default_rng(seed).integers(0, 90, (30, 2)).astype(np.float32)
    (_, sides, _) = cv2.minAreaRect(points)
    corners = polygons.smallest_rectangle(points)
    found = np.linalg.norm(corners[1:3] - corners[:2], axis=1)
    assert sorted(found) == pytest.approx(sorted(sides), rel=1e-4)
