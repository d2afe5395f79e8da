"""Masks and rotated boxes: their overlaps, and average precision by them."""

import tracemalloc

import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster

from edgeopt.datasets.annotations import truths
from edgeopt.datasets.annotations.annotated import Annotated, Objects
from edgeopt.decoding.detections import Detections
from edgeopt.domain.errors import BadInput
from edgeopt.tasks import shapes
from edgeopt.tasks.boxed import joined
from edgeopt.tasks.detection import Detection

SIZE = (60, 80)


def rng(seed=1):
    return np.random.default_rng(seed)


def triangle(box):
    x1, y1, x2, y2 = box
    return np.array([[x1, y2], [x2, y2], [x1, y1]])


def filled(box):
    """bool[60, 80]: pixels whose centre lies in the triangle."""
    x1, y1, x2, y2 = box
    y, x = np.mgrid[:60, :80] + 0.5
    inside = (x > x1) & (x < x2) & (y > y1) & (y < y2)
    return inside & ((y - y1) * (x2 - x1) > (x - x1) * (y2 - y1))


def scene(seed, count=12, images=8):
    """Marked triangles in images, and detections that lie a little off."""
    random = rng(seed)
    objects, found = [], []
    for _ in range(images):
        corner = random.integers(0, 30, (count // 4, 2))
        boxes = np.concatenate([corner, corner + random.integers(8, 29, corner.shape)], axis=1)
        kinds, none = random.integers(0, 2, len(boxes)), np.zeros(len(boxes), bool)
        areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) / 2.0
        rings = tuple((triangle(box).astype(float),) for box in boxes)
        objects.append(Objects(boxes.astype(float), kinds, none, none, areas, None, rings))
        moved = boxes + random.integers(-2, 3, boxes.shape)
        masks = np.stack([filled(box) for box in moved])
        scores = np.sort(random.uniform(0.1, 1, len(boxes)))[::-1]
        found.append(Detections(moved.astype(float), scores, kinds, masks=masks))
    sizes = np.tile([80, 60], (images, 1))
    annotated = Annotated((None,) * images, sizes, tuple(objects), names=("a", "b"), origin="them")
    return annotated, joined(found)


def by_the_library(truth, found):
    """mAP of masks by faster-coco-eval itself."""
    images = [{"id": i + 1, "height": 60, "width": 80} for i in range(truth.count)]
    labelled = [
        {"id": i + 1, "image_id": int(truth.image[i]) + 1, "category_id": int(truth.classes[i]),
         "segmentation": truth.shapes.runs[i], "area": float(truth.area[i]), "iscrowd": 0,
         "bbox": [0, 0, 1, 1]}
        for i in range(len(truth.classes))
    ]  # fmt: skip
    kinds = [{"id": 0, "name": "a"}, {"id": 1, "name": "b"}]
    labels = COCO({"images": images, "annotations": labelled, "categories": kinds},
                  print_function=lambda *_: None)  # fmt: skip
    answers = [
        {"image_id": int(found.image[i]) + 1, "category_id": int(found.classes[i]),
         "segmentation": found.shapes.runs[i], "score": float(found.scores[i])}
        for i in range(len(found.classes))
    ]  # fmt: skip
    judge = COCOeval_faster(labels, labels.loadRes(answers), "segm", print_function=lambda *_: None)
    judge.evaluate()
    judge.accumulate()
    table = judge.eval["precision"][:, :, :, 0, -1]
    return float(table[table > -1].mean())


@pytest.mark.parametrize("seed", range(6))
def test_average_precision_of_masks_is_the_librarys(seed):
    annotated, found = scene(seed)
    truth = truths.boxes(annotated, shape="mask")
    judged = Detection("yolo-seg", SIZE, ("a", "b")).judged(found, truth)
    value = judged.contributions("mask-map").value()
    assert 0.05 < value < 0.95
    assert value == pytest.approx(by_the_library(truth, found), abs=1e-6)
    assert judged.contributions("mask-map50").value() >= value
    assert judged.contributions("map").value() != pytest.approx(value)


def test_a_segmenter_of_instances_is_judged_by_its_masks_first():
    assert Detection("yolo-seg", SIZE, ("a",)).measures[0].name == "mask-map"
    assert Detection("yolo", SIZE, ("a",)).measures[0].name == "map"


def test_its_own_masks_are_the_truth_of_agreement():
    _, found = scene(3)
    task = Detection("yolo-seg", SIZE, ("a", "b"))
    judged = task.judged(found, task.truths_of(found))
    assert judged.contributions("mask-map").value() == 1


def test_an_object_without_an_outline_is_its_box():
    boxes = np.array([[10.0, 20, 30, 40]])
    found = shapes.of_outlines([()], boxes, [SIZE])
    assert found.areas.tolist() == [400]
    assert found.overlaps(np.array([0]), found, np.array([0]), np.array([False])).tolist() == [1]


def test_annotations_without_any_outline_are_refused():
    annotated, _ = scene(0)
    for one in annotated.objects:
        object.__setattr__(one, "outlines", ())
    with pytest.raises(BadInput, match="no object has an outline"):
        truths.boxes(annotated, shape="mask")


@pytest.mark.parametrize("angle", [0.0, 0.3, 0.9, 1.5])
def test_the_smallest_box_around_the_corners_of_one(angle):
    from edgeopt.decoding import rotated

    own = np.array([[40.0, 30, 24, 10, angle]])
    found = shapes.around(rotated.corners(own)[0])
    assert rotated.iou(own, found[None])[0, 0] == pytest.approx(1, abs=1e-6)


def test_rotated_boxes_are_judged_as_such():
    boxes = np.array([[40.0, 30, 40, 8, 0.7], [20, 20, 30, 6, 0.1]])
    right = shapes.Rotated(boxes)
    turned = shapes.Rotated(boxes * [1, 1, 1, 1, -1])
    rows, none = np.arange(2), np.zeros(2, bool)
    assert right.overlaps(rows, right, rows, none) == pytest.approx([1, 1])
    apart = right.overlaps(rows, turned, rows, none)
    assert apart[0] < 0.2
    assert apart[1] > 0.5
    crowd = right.overlaps(rows, turned, rows, ~none)
    assert (crowd >= apart).all()
    assert right.take([1]).areas.tolist() == [180]


def test_a_detector_of_rotated_boxes_by_its_task():
    from edgeopt.decoding import rotated

    random = rng(4)
    every, found = [], []
    for _ in range(10):
        own = np.column_stack([random.uniform(20, 40, (3, 2)), random.uniform(20, 30, 3),
                               random.uniform(4, 8, 3), random.uniform(0, 1.5, 3)])  # fmt: skip
        around, none = rotated.enclosing(own), np.zeros(3, bool)
        rings = tuple((corners,) for corners in rotated.corners(own))
        kinds = np.zeros(3, np.int64)
        every.append(Objects(around, kinds, none, none, own[:, 2] * own[:, 3], None, rings))
        found.append(Detections(around, np.array([0.9, 0.8, 0.7]), kinds, rotated=own))
    annotated = Annotated((None,) * 10, np.tile([80, 60], (10, 1)), tuple(every), names=("a",))
    task = Detection("yolo-obb", SIZE, ("a",))
    truth = truths.boxes(annotated, shape="rotated")
    assert task.judged(joined(found), truth).contributions("map").value() == pytest.approx(1)
    turn = np.array([0, 0, 0, 0, 1.2])
    turned = [Detections(f.boxes, f.scores, f.classes, rotated=f.rotated + turn) for f in found]
    assert task.judged(joined(turned), truth).contributions("map").value() < 0.2


@pytest.mark.slow
def test_masks_of_one_image_are_held_at_a_time():
    """Those of eight images of 1200 x 1000 pixels would take 80 times what one mask does."""
    one = np.zeros((10, 1000, 1200), bool)
    one[:, 200:300, 400:500] = True

    def found():
        for _ in range(8):
            boxes = np.tile([400.0, 200, 500, 300], (10, 1))
            yield Detections(boxes, np.ones(10), np.zeros(10, int), masks=one.copy())

    tracemalloc.start()
    try:
        every = joined(found())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert every.shapes.areas.tolist() == [10_000] * 80
    assert most < 1.5 * one.nbytes
