"""Average precision equals faster-coco-eval's, on the data as it is and on resamples of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeopt.tasks import coco
from edgeopt.tasks.average_precision import average_precision
from edgeopt.tasks.matching import SIZES, match
from tests.tasks.scenes import repeated, scene


def every_precision(truth, found, most=100):
    """[t, K, s] by edgeopt."""
    matches = match(truth, found, most=most)
    found = [average_precision(matches, size).by_overlap_and_class() for size in SIZES]
    return np.stack(found, axis=2)


@pytest.mark.parametrize("seed", range(25))
def test_equals_the_library_at_each_overlap_class_and_size(seed):
    truth, found = scene(seed, ties=seed % 2 == 0)
    theirs, sizes = coco.precision(truth, found)
    assert sizes == tuple(SIZES)
    np.testing.assert_allclose(every_precision(truth, found), theirs, rtol=0, atol=1e-6)
    assert np.isnan(theirs[:, -1]).all()  # a class without objects
    assert 0.05 < np.nanmean(theirs) < 0.95


@pytest.mark.parametrize("seed", range(300, 305))
def test_equals_the_library_for_boxes_that_are_no_whole_pixels(seed):
    truth, found = scene(seed, count=20)
    truth = replace(truth, boxes=truth.boxes * 1.0137, area=truth.area * 1.0137**2)
    found = replace(found, boxes=found.boxes * 1.0137)
    theirs, _ = coco.precision(truth, found)
    np.testing.assert_allclose(every_precision(truth, found), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("most", [1, 3, 10])
def test_equals_the_library_where_detections_are_cut_off(most):
    truth, found = scene(100 + most, count=4, classes=2, extra=20)
    theirs, _ = coco.precision(truth, found, most)
    np.testing.assert_allclose(every_precision(truth, found, most), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("objects", [50, 100, 200])
def test_recalls_that_are_whole_hundredths(objects):
    """7 of 100 objects are just less than the recall 0.07 of the library's table."""
    truth, found = scene(objects, count=objects, classes=1, objects=1, extra=0, ties=False)
    theirs, _ = coco.precision(truth, found)
    np.testing.assert_allclose(every_precision(truth, found), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_weights_are_images_that_stand_there_so_many_times(seed):
    truth, found = scene(200 + seed, ties=False)
    times = np.random.default_rng(seed).integers(0, 4, truth.count)
    contributions = average_precision(match(truth, found))
    theirs, _ = coco.precision(*repeated(truth, found, times))
    own = contributions.by_overlap_and_class(times)
    np.testing.assert_allclose(own, theirs[:, :, 0], rtol=0, atol=1e-6)
    assert contributions.value(times) == pytest.approx(np.nanmean(theirs[:, :, 0]), abs=1e-6)


@pytest.mark.parametrize(("labels", "answers"), [(0, 6), (4, 0), (0, 0)])
def test_nothing_labelled_or_nothing_found(labels, answers):
    truth, found = scene(7, count=6, objects=labels, extra=answers)
    if not answers:
        found = type(found)(
            6, *(a[:0] for a in (found.image, found.boxes, found.classes, found.scores))
        )
    theirs, _ = coco.precision(truth, found)
    own = every_precision(truth, found)
    np.testing.assert_array_equal(own, theirs)
    assert np.isnan(average_precision(match(truth, found)).value()) == (labels == 0)


def test_a_part_of_the_overlaps():
    truth, found = scene(3)
    matches = match(truth, found)
    whole = average_precision(matches).by_overlap_and_class()
    np.testing.assert_array_equal(
        average_precision(matches, overlaps=slice(0, 1)).by_overlap_and_class(), whole[:1]
    )
