import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics import f1_score, jaccard_score

from edgeopt.domain.errors import BadInput
from edgeopt.tasks import segmentation
from tests.tasks.resampled import assert_adds_up

CLASSES = 4


def maps(seed, n=6, shape=(12, 15), ignored=0.1):
    """Answers and truths in blobs; the last class occurs in none, some pixels have no class."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, CLASSES - 1, (n, 4, 5))
    truths = coarse.repeat(3, axis=1).repeat(3, axis=2)
    answers = np.where(rng.random((n, *shape)) < 0.2, rng.integers(0, 3, (n, *shape)), truths)
    return answers, np.where(rng.random((n, *shape)) < ignored, -1, truths)


def flat(answers, truths):
    known = truths >= 0
    return truths[known], answers[known]


@pytest.mark.parametrize("seed", range(4))
def test_all_pixels_together_are_scikit_learns(seed):
    answers, truths = maps(seed)
    areas = segmentation.areas(answers, truths, CLASSES)
    for found, second in ((areas.iou(), jaccard_score), (areas.dice(), f1_score)):
        wanted = second(*flat(answers, truths), average="macro")
        assert found.value() == pytest.approx(wanted)
    wanted = jaccard_score(*flat(answers, truths), average=None)
    for number in range(3):
        assert areas.class_iou(number).value() == pytest.approx(wanted[number])
    assert np.isnan(areas.class_iou(3).value())
    assert areas.iou(first=1).value() == pytest.approx(wanted[1:].mean())


@given(st.integers(0, 10_000), st.sampled_from(["iou", "dice", "class_iou"]))
def test_a_resample_is_the_metric_of_the_resampled(seed, name):
    def metric(answers, truths):
        argument = (2,) if name == "class_iou" else ()
        return getattr(segmentation.areas(answers, truths, CLASSES), name)(*argument)

    assert_adds_up(metric, *maps(seed, 4), seed=seed)


def boundary_by_distances(found, wanted, pixels):
    """F of one class in one image: every pixel with every pixel."""
    lines = []
    for region in (found, wanted):
        padded = np.pad(region, 1, mode="edge")
        beside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
        lines.append(np.argwhere(region & ~beside))
    if not len(lines[0]) or not len(lines[1]):
        return np.nan if len(lines[0]) == len(lines[1]) else 0
    off = cdist(*lines)
    precision, recall = ((off.min(axis=axis) <= pixels).mean() for axis in (1, 0))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0


@pytest.mark.parametrize("reach", [0.0, 0.06, 0.15])
def test_boundaries_by_all_distances(reach):
    answers, truths = maps(5, ignored=0)
    pixels = np.ceil(reach * np.hypot(12, 15))
    table = [
        [boundary_by_distances(a == number, t == number, pixels) for number in range(CLASSES)]
        for a, t in zip(answers, truths, strict=True)
    ]
    found = segmentation.boundary(answers, truths, CLASSES, reach=reach).value()
    assert found == pytest.approx(np.nanmean(np.nanmean(table, axis=0)))


@settings(max_examples=8)
@given(st.integers(0, 1000))
def test_boundaries_of_a_resample(seed):
    assert_adds_up(
        lambda a, t: segmentation.boundary(a, t, CLASSES), *maps(seed, 3), seed=seed, resamples=2
    )


def test_a_shift_of_a_pixel_is_within_reach():
    truth = np.zeros((1, 200, 200), int)
    truth[:, 50:100, 50:100] = 1
    answer = np.roll(truth, 1, axis=2)
    assert segmentation.boundary(answer, truth, 2, first=1).value() == 1
    assert segmentation.boundary(answer, truth, 2, first=1, reach=0).value() < 1
    assert segmentation.boundary(np.zeros_like(truth), truth, 2, first=1).value() == 0
    assert segmentation.areas(answer, truth, 2).class_iou(1).value() == pytest.approx(49 / 51)


def test_images_of_different_sizes():
    truths = [np.zeros((3, 4), int), np.ones((5, 2), int)]
    assert segmentation.areas(truths, truths, 2).iou().value() == 1


def test_maps_that_do_not_fit():
    with pytest.raises(BadInput, match=r"an answer of 4 x 3 pixels .* by a mask of 3 x 4"):
        segmentation.areas([np.zeros((3, 4), int)], [np.zeros((4, 3), int)], 2)
    with pytest.raises(BadInput, match=r"a mask holds class 2, but the model knows 2 \(0 to 1\)"):
        segmentation.areas([np.zeros((1, 1), int)], [np.full((1, 1), 2)], 2)
