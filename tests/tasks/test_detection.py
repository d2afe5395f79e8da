"""A detector from its outputs to its measures, their slices and their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from edgeopt.decoding.placement import placement
from edgeopt.domain.errors import BadInput
from edgeopt.stats.bootstrap import paired_bootstrap
from edgeopt.stats.subsampling import half_samples
from edgeopt.tasks import coco
from edgeopt.tasks.contributions import difference, statistic
from edgeopt.tasks.detection import MEASURES, Detection, recognized
from edgeopt.tasks.matching import match
from edgeopt.tasks.resampling import intervals
from tests.decoding import made
from tests.tasks.scenes import scene

NAMES = ("cat", "dog", "owl")


def detector():
    return Detection("yolo", made.SIZE, NAMES)


def outputs(count):
    samples = [made.outputs("yolo", seed)["output0"][0] for seed in range(count)]
    return {"output0": np.stack(samples)}


@pytest.fixture(scope="module")
def judged():
    truth, found = scene(1, count=30, ties=False)
    return detector().judged(found, truth)


def test_boxes_are_in_the_pixels_of_each_image():
    images = [(256, 320), (400, 300)]
    places = [placement("letterbox", image, made.SIZE) for image in images]
    found = detector().answers(outputs(2), places)
    assert found.count == 2
    assert set(found.image) == {0, 1}
    for number, (height, width) in enumerate(images):
        own = found.boxes[found.image == number]
        assert (own >= 0).all()
        assert own[:, 2].max() <= width
        assert own[:, 3].max() <= height
    sole = detector().answers({"output0": outputs(2)["output0"][:1]}, places[:1])
    np.testing.assert_array_equal(sole.boxes, found.boxes[found.image == 0])


def test_a_batch_axis_makes_no_difference():
    places = [placement("stretch", (256, 320), made.SIZE)] * 2
    plain = detector().answers(outputs(2), places)
    batched = detector().answers({"output0": outputs(2)["output0"][:, None]}, places)
    np.testing.assert_array_equal(plain.boxes, batched.boxes)


def test_numbers_of_answers_that_differ_from_image_to_image():
    """Suppression inside the graph leaves no array [n, ...] to make of them."""
    images = [made.outputs("nms-inside", seed) for seed in range(3)]
    some = [
        {
            name: array[..., :k, :] if array.ndim == 3 else array[..., :k]
            for name, array in image.items()
        }
        for k, image in zip((5, 0, 9), images, strict=True)
    ]
    stacked = {name: [image[name] for image in some] for name in some[0]}
    places = [placement("stretch", made.SIZE, made.SIZE)] * 3
    found = Detection("nms-inside", made.SIZE, NAMES).answers(stacked, places)
    assert np.bincount(found.image, minlength=3).tolist() == [5, 0, 9]


def test_the_source_agrees_with_itself_wholly():
    places = [placement("stretch", (256, 320), made.SIZE)] * 3
    found = detector().answers(outputs(3), places)
    truth = detector().truths_of(found)
    assert 10 < len(truth.classes) < len(found.classes)
    assert detector().judged(found, truth).contributions("map").value() == pytest.approx(1)


def test_outputs_of_another_model_are_refused_with_what_is_wanted():
    places = [placement("stretch", (256, 320), made.SIZE)]
    with pytest.raises(BadInput, match=r"yolo wants one output .* logits \[1000\]"):
        detector().answers({"logits": np.zeros((1, 1000))}, places)
    with pytest.raises(BadInput, match="1 images were placed"):
        detector().answers(outputs(2), places)


@pytest.mark.parametrize("measure", [measure.name for measure in MEASURES])
def test_each_measure_is_had_with_its_slices(judged, measure):
    contributions = judged.contributions(measure)
    assert len(contributions) == 30
    assert 0 < contributions.value() <= 1
    none = contributions.value(np.zeros(30))
    assert np.isnan(none)
    slices = judged.slices(measure)
    assert set(slices) == {"class", "size"}
    for table in slices.values():
        assert table.values().shape == (len(table.names),)
        assert len(table) == 30


def test_recall_by_class_is_at_the_one_threshold(judged):
    for measure in ("recall-0.1fp", "recall-1fp"):
        table = judged.slices(measure)["class"]
        objects = np.bincount(table.whole.object_class, minlength=5)
        assert np.isnan(table.values()).tolist() == [False] * 4 + [True]
        found = np.nansum(table.values() * objects) / objects.sum()
        assert found == pytest.approx(judged.contributions(measure).value())
        assert len(set(table.values()[:4])) > 1


def test_classes_and_sizes_are_the_librarys():
    truth, found = scene(2, count=30)
    theirs, sizes = coco.precision(truth, found)
    slices = detector().judged(found, truth).slices("map")
    by_class = slices["class"].values()
    np.testing.assert_allclose(by_class, theirs[:, :, 0].mean(axis=0), atol=1e-6)
    assert slices["size"].names == sizes[1:]
    expected = [np.nanmean(theirs[:, :, s]) for s in (1, 2, 3)]
    np.testing.assert_allclose(slices["size"].values(), expected, atol=1e-6)


def test_the_interval_of_a_table_is_that_of_each_value(judged):
    table = judged.slices("map")["size"]
    low, high = intervals(table, draws=60, seed=3)
    for i, part in enumerate(table.each):
        expected = half_samples(statistic(part), part.value(), 30, None, 60, seed=3)
        assert (low[i], high[i]) == pytest.approx(expected)
    groups = np.arange(30) // 3
    low, high = intervals(table, groups, draws=60)
    expected = half_samples(statistic(table.each[0]), table.values()[0], 30, groups, 60)
    assert (low[0], high[0]) == pytest.approx(expected)


def test_a_class_without_objects_has_no_interval(judged):
    table = judged.slices("map")["class"]
    low, high = intervals(table, draws=20)
    assert np.isnan(table.values()).tolist() == [False] * 4 + [True]
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False] * 4 + [True]
    with pytest.raises(ValueError, match="4 samples or groups"):
        intervals(table, np.zeros(30))


def test_a_drop_is_paired():
    truth, found = scene(1, count=30)
    worse = type(found)(
        30, found.image, found.boxes + 1.5, found.classes, found.scores
    )  # shifted: every resample loses
    before, after = (match(truth, one) for one in (found, worse))
    parts = [detector().judged(one, truth).contributions("map") for one in (found, worse)]
    low, high = paired_bootstrap(difference(*parts), 30, None, 100)
    assert 0 < low < parts[0].value() - parts[1].value() < high
    assert before.count == after.count
    with pytest.raises(ValueError, match="paired samples"):
        difference(parts[0], detector().judged(*scene(1, count=12)[::-1]).contributions("map"))


def test_the_detector_is_recognized_and_said():
    samples = [made.outputs("yolo", seed) for seed in range(2)]
    found, why = recognized(samples, made.SIZE, NAMES)
    assert found == detector()
    assert "3 classes at strides [8, 16, 32]" in why
    none, why = recognized([{"logits": np.zeros((1, 1000))}], made.SIZE, ())
    assert none is None
    assert why == "no detector's head has outputs of these shapes"
    unsure, why = recognized([made.outputs("yolo-pose")], made.SIZE, ())
    assert unsure is None
    assert "yolo-pose: 17 key points" in why
    assert "yolo-obb: " in why
