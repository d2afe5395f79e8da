"""Each sample by itself, and how far two models' answers to it lie apart."""

import numpy as np
import pytest

from edgeopt.decoding.detections import Detections
from edgeopt.tasks.alone import alone, distances, each_alone
from edgeopt.tasks.average_precision import alone as each_image
from edgeopt.tasks.average_precision import average_precision
from edgeopt.tasks.boxed import DetectionSet, joined
from edgeopt.tasks.ctc import MEASURES as OF_TEXT
from edgeopt.tasks.ctc import Ctc
from edgeopt.tasks.detection import MASK_MEASURES, MEASURES, Detection
from edgeopt.tasks.matching import match
from edgeopt.tasks.segmentation import MEASURES as OF_MAPS
from edgeopt.tasks.segmentation import Segmentation
from tests.tasks.scenes import scene
from tests.tasks.test_every_task import ALL, LETTERS, PLACES, ROWS, judged, measures

DETECTOR = Detection("yolo", (64, 64), tuple("abcde"))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("overlaps", [slice(None), slice(0, 1)])
def test_images_alone_are_those_of_weights(seed, overlaps):
    matches = match(*scene(seed, count=20))
    one_by_one = each_alone(average_precision(matches, overlaps=overlaps))
    found = each_image(matches, overlaps)
    np.testing.assert_allclose(found, one_by_one, atol=1e-9, equal_nan=True)
    assert np.isnan(found).any()
    assert np.isfinite(found).any()


@pytest.mark.parametrize("name", ALL)
def test_every_task_is_judged_sample_by_sample(name):
    found = judged(ALL[name], 0.3)
    known = [measure.name for measure in measures(name)]
    assert known
    for measure in known:
        contributions = found.contributions(measure)
        assert len(alone(found, measure)) == len(contributions)
    with pytest.raises(KeyError):
        each_alone(found.contributions("nothing"))


def boxes(*images):
    """[(box, score), ...] of each image, of one class."""
    rows = [(i, box, score) for i, image in enumerate(images) for box, score in image]
    image, box, score = (np.array(column) for column in zip(*rows, strict=True))
    return DetectionSet(len(images), image, box.astype(float), np.zeros_like(image), score)


ONE, TWO, THREE = (10, 10, 50, 50), (60, 10, 90, 40), (5, 60, 40, 95)


def detections(boxes, masks=None, rotated=None):
    count = len(boxes)
    return Detections(np.array(boxes, float).reshape(-1, 4), np.full(count, 0.9),
                      np.zeros(count, int), rotated=rotated, masks=masks)  # fmt: skip


def test_masks_and_rotated_boxes_are_compared_as_such():
    """Boxes are equal, and what is inside them is not."""
    square, half = np.zeros((2, 1, 100, 100), bool)
    square[0, 10:50, 10:50] = half[0, 10:50, 10:30] = True
    source = joined([detections([ONE], masks=square)] * 2)
    other = joined([detections([ONE], masks=square), detections([ONE], masks=half)])
    with_masks = Detection("yolo-seg", (64, 64), ("a",))
    by_mask, by_box = (
        distances(with_masks, source, other, one).tolist()
        for one in (MASK_MEASURES[0], MEASURES[0])
    )
    assert by_box == pytest.approx([0, 0])
    assert by_mask == pytest.approx([0, 0.9])
    lying, standing = np.array([[30, 30, 40, 10, 0.0]]), np.array([[30, 30, 40, 10, np.pi / 2]])
    turned = Detection("yolo-obb", (64, 64), ("a",))
    found = distances(
        turned,
        joined([detections([ONE], rotated=lying)] * 2),
        joined([detections([ONE], rotated=one) for one in (lying, standing)]),
        MEASURES[0],
    )
    assert found.tolist() == pytest.approx([0, 1])


def test_what_is_lost_and_what_is_new_are_changes_alike():
    source = boxes([(ONE, 0.9)], [(ONE, 0.9), (TWO, 0.8)], [(ONE, 0.1)], [(ONE, 0.9)], [(ONE, 0.9)],
                   [(ONE, 0.9)])  # fmt: skip
    other = boxes([(ONE, 0.9)], [(ONE, 0.9)], [(TWO, 0.9)],
                  [(ONE, 0.9), (TWO, 0.8), (THREE, 0.7)], [(ONE, 0.7), (TWO, 0.1)],
                  [(ONE, 0.1)])  # fmt: skip
    found = distances(DETECTOR, source, other, MEASURES[0])
    same, lost, only_new, new, unsure, faded = found
    assert same == pytest.approx(0, abs=1e-9)
    assert 0.4 < lost < 0.6
    assert only_new == pytest.approx(1)  # the source finds nothing there
    assert new > 0.5
    assert unsure == pytest.approx(0, abs=1e-9)  # what is not shown is no change
    assert faded == pytest.approx(1)  # what is not sure any more is not shown
    assert found.tolist() == pytest.approx(distances(DETECTOR, other, source, MEASURES[0]).tolist())


def test_a_rate_of_false_alarms_ranks_single_images_by_their_precision():
    source, other = boxes([(ONE, 0.9)], [(ONE, 0.9)]), boxes([(ONE, 0.9)], [(TWO, 0.9)])
    by_rate, by_map = (
        distances(DETECTOR, source, other, one) for one in (MEASURES[2], MEASURES[0])
    )
    assert by_rate.tolist() == by_map.tolist()
    assert by_map.tolist() == pytest.approx([0, 1])


def test_texts_by_errors_and_maps_by_overlap():
    reader = Ctc("o", LETTERS)
    found = distances(reader, ["abc", "ab", "", "a"], ["abc", "ba", "a", ""], OF_TEXT[0])
    assert found[0] == 0
    assert min(found[1:]) > 0
    half = np.zeros((8, 8), int)
    half[:, :4] = 1
    task = Segmentation((8, 8), ("no", "yes"))
    near, far = half.copy(), 1 - half
    near[:, 4] = 1
    found = distances(task, [half] * 3, [half, near, far], OF_MAPS[0])
    assert found[0] == 0
    assert 0 < found[1] < found[2] == pytest.approx(1)


def test_decibels_are_those_that_are_lost():
    task = ALL["image-to-image"].task
    image = np.linspace(0, 1, 300).reshape(10, 10, 3)
    found = distances(task, [image] * 2, [image, image + 0.01], task.measures[0])
    assert found.tolist() == pytest.approx([0, 60])  # of the 100 dB of equal images


@pytest.mark.parametrize("name", ROWS)
def test_answers_are_not_apart_from_themselves(name):
    row = ROWS[name]
    answers = row.task.answers(row.outputs, PLACES)
    for measure in row.task.measures:
        assert distances(row.task, answers, answers, measure).max() == pytest.approx(0, abs=1e-9)


def test_a_measure_of_another_kind_of_truth_is_none():
    of_text = boxes([(ONE, 0.9)])
    with pytest.raises(KeyError):
        distances(DETECTOR, of_text, of_text, OF_TEXT[0])
    with pytest.raises(KeyError):
        distances(Ctc("o", LETTERS), ["a"], ["a"], MEASURES[0])
