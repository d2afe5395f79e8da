"""From files to a figure: what the readers, the preparation and the tasks say of each other."""

import numpy as np
import pytest
from PIL import Image

from edgeopt.datasets.annotations import coco, masks, truths, upright, voc, yolo
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.tasks import keypoints
from edgeopt.tasks.average_precision import average_precision
from edgeopt.tasks.detection import Detection
from edgeopt.tasks.segmentation import Segmentation
from tests.datasets.annotations import pictures

SIZE = (64, 96)
LABELS = ["0 .25 .25 .2 .3\n1 .7 .6 .2 .3\n", "1 .5 .5 .4 .4\n", None]


def points_of(annotated, places):
    """What a YOLO of stride 8 would say: each box at its own point, surely."""
    found = np.zeros((len(annotated), 6, 126))
    for i, (objects, place) in enumerate(zip(annotated.objects, places, strict=True)):
        boxes = place.placed(objects.boxes.reshape(-1, 2, 2)).reshape(-1, 4)
        found[i, :2, : len(boxes)] = (boxes[:, :2] + boxes[:, 2:]).T / 2
        found[i, 2:4, : len(boxes)] = (boxes[:, 2:] - boxes[:, :2]).T
        found[i, 4 + objects.classes, np.arange(len(boxes))] = 0.9
    return found


def test_an_ideal_detector_finds_all_boxes_of_turned_images(tmp_path):
    path = pictures.yolo(tmp_path, LABELS)
    for i, orientation in enumerate((6, 1, 3)):
        (tmp_path / "images" / f"a{i}.png").unlink()
        pictures.picture(tmp_path / "images" / f"a{i}.jpg", (64, 48), orientation)
    annotated = yolo.read(path)
    prepare = Preparation("letterbox", SIZE)
    opened = [upright.open_image(one).convert("RGB") for one in annotated.images]
    places = [prepare.apply(one)[1] for one in opened]
    task = Detection("yolo", SIZE, annotated.names)
    answers = task.answers({"o": points_of(annotated, places)}, places)
    judged = task.judged(answers, truths.boxes(annotated))
    assert judged.contributions("map").value() == pytest.approx(1)
    moved = truths.boxes(annotated.take([1, 0, 2]))
    assert task.judged(answers, moved).contributions("map").value() < 0.5


def test_what_is_difficult_does_not_count(tmp_path):
    folder = pictures.voc(tmp_path, [[("a", (1, 1, 30, 40))]])
    text = pictures.voc_object("a", (1, 1, 30, 40)) + pictures.voc_object("a", (40, 5, 60, 40), 1)
    (folder / "a0.xml").write_text(f"<annotation>{text}</annotation>")
    found = truths.boxes(voc.read(folder))
    assert found.crowd.tolist() == [False, True]
    assert found.image.tolist() == [0, 0]


def test_more_classes_than_the_model_has(tmp_path):
    annotated = coco.read(
        pictures.coco(tmp_path, pictures.coco_tree([(0, 7, (0, 0, 9, 9))])), tmp_path
    )
    assert truths.boxes(annotated, ("x", "y")).names == ("x", "y")
    with pytest.raises(BadInput, match=r"has objects of class 1 \(cat\), but the model has 1 clas"):
        truths.boxes(annotated, ("x",))


def test_poses_of_a_file_find_themselves(tmp_path):
    tree = pictures.coco_tree([(0, 7, (0, 0, 60, 40)), (1, 7, (2, 2, 50, 44))])
    tree["categories"] = [{"id": 7, "name": "person", "keypoints": [str(i) for i in range(17)]}]
    marks = np.random.default_rng(0).integers(2, 44, (2, 17, 2))
    for one, points in zip(tree["annotations"], marks, strict=True):
        one["keypoints"] = np.concatenate([points, np.full((17, 1), 2)], axis=1).ravel().tolist()
    found = truths.poses(coco.read(pictures.coco(tmp_path, tree), tmp_path))
    answers = [keypoints.answered(one.points, np.ones(len(one.points))) for one in found]
    assert average_precision(keypoints.match(found, answers)).value() == pytest.approx(1)
    with pytest.raises(BadInput, match="no key point is marked"):
        truths.poses(yolo.read(pictures.yolo(tmp_path / "yolo", LABELS)))


@pytest.mark.parametrize("white", [1, 255])
def test_masks_become_maps(tmp_path, white):
    values = np.zeros((48, 64), np.uint8)
    values[10:30, 20:50] = white
    pictures.picture(tmp_path / "photos" / "a.png")
    pictures.mask(tmp_path / "masks" / "a.png", values)
    annotated = masks.read(tmp_path / "photos", tmp_path / "masks")
    found = truths.maps(annotated, 2)
    place = Preparation("stretch", (48, 64)).placed(Image.open(annotated.images[0]))
    task = Segmentation((48, 64), ("no", "yes"))
    answers = task.answers({"o": (values[None, None] > 0) * 1.0}, [place])
    assert task.judged(answers, found).contributions("miou").value() == 1
    with pytest.raises(BadInput, match="there are no masks"):
        truths.maps(yolo.read(pictures.yolo(tmp_path / "yolo", LABELS)), 2)
