import json

import numpy as np
import pytest

from edgeopt.datasets.annotations import coco
from edgeopt.domain.errors import BadInput
from tests.datasets.annotations.pictures import coco as written
from tests.datasets.annotations.pictures import coco_tree, picture

BOXES = [(1, 3, (10, 8, 20, 30)), (0, 7, (0, 0, 64, 48)), (1, 7, (1.5, 2, 3, 4))]


def read(folder, tree):
    return coco.read(written(folder, tree), folder)


def test_boxes_go_to_their_images_and_classes_are_numbered_by_id(tmp_path):
    found = read(tmp_path, coco_tree(BOXES))
    assert found.names == ("dog", "cat")
    assert [one.name for one in found.images] == ["a.png", "b.png"]
    assert found.sizes.tolist() == [[64, 48], [64, 48]]
    first, second = found.objects
    assert first.boxes.tolist() == [[0, 0, 64, 48]]
    assert second.boxes.tolist() == [[10, 8, 30, 38], [1.5, 2, 4.5, 6]]
    assert (first.classes.tolist(), second.classes.tolist()) == ([1], [0, 1])
    assert second.areas.tolist() == [600, 12]
    assert not second.crowd.any()


def test_area_crowd_outline_and_ids_of_text(tmp_path):
    tree = coco_tree([(0, 7, (0, 0, 10, 10)), (0, 7, (5, 5, 10, 10))])
    tree["annotations"][0] |= {
        "area": 42.5,
        "iscrowd": 1,
        "segmentation": {"counts": [1, 3071], "size": [48, 64]},
    }
    tree["annotations"][1] |= {"segmentation": [[5, 5, 15, 5, 10, 15]], "extra": {"x": [1]}}
    tree["images"][0]["id"] = tree["annotations"][0]["image_id"] = "one"
    tree["annotations"][1]["image_id"] = "one"
    objects = read(tmp_path, tree).objects[0]
    assert objects.areas.tolist() == [42.5, 100]
    assert objects.crowd.tolist() == [True, False]
    assert objects.outlines[0] == ()
    assert objects.runs[0].tolist() == [1, 3071]
    assert objects.runs[1] is None
    assert objects.outlines[1][0].tolist() == [[5, 5], [15, 5], [10, 15]]


def test_an_outline_may_end_beyond_the_edge_as_a_box_may(tmp_path):
    tree = coco_tree([(0, 7, (0, 0, 10, 10))])
    tree["annotations"][0]["segmentation"] = [[-1, 0, 65, 0, 10, 49]]
    [ring] = read(tmp_path, tree).objects[0].outlines[0]
    assert ring.tolist() == [[-1, 0], [65, 0], [10, 49]]


def test_key_points(tmp_path):
    tree = coco_tree([(0, 7, (0, 0, 10, 10)), (0, 7, (0, 0, 9, 9))])
    tree["categories"] = [{"id": 7, "name": "person", "keypoints": ["nose", "tail"]}]
    tree["annotations"][0]["keypoints"] = [1, 2, 2, 0, 0, 0]
    found = read(tmp_path, tree)
    assert found.keypoint_names == ("nose", "tail")
    assert found.objects[0].keypoints.tolist() == [[[1, 2, 2], [0, 0, 0]], [[0] * 3] * 2]
    assert found.objects[1].keypoints.shape == (0, 2, 3)


def test_images_without_objects_are_kept_and_told_where_most_have_none(tmp_path):
    found = read(tmp_path, coco_tree(BOXES[:1], images=("a.png", "b.png", "c.png")))
    assert [len(one) for one in found.objects] == [0, 1, 0]
    assert [str(one) for one in found.advice] == [
        f"2 of 3 images of {tmp_path}/instances.json have no object. They count: whatever is found "
        "on them is wrong."
    ]


def test_taken_and_identified(tmp_path):
    found = read(tmp_path, coco_tree(BOXES))
    turned = found.take([1, 0])
    assert [len(one) for one in turned.objects] == [2, 1]
    assert turned.take(np.array([1, 0])).sha256() == found.sha256() != turned.sha256()


def changed(key, at, **fields):
    tree = coco_tree(BOXES)
    tree[key][at] |= fields
    return tree


MANY = [(i % 2, 7, (1 + i, 2 + i, 5 + i, 9 + i)) for i in range(20)]  # corners, not sides

BAD = {
    "no annotations": (coco_tree([]), "holds 0 annotations: nothing can be judged by it."),
    "no images": (coco_tree(BOXES, images=[]), "holds 0 images"),
    "no categories": (coco_tree(BOXES, categories=[]), "holds 0 categories"),
    "a list": ([1, 2], "is not a COCO file of annotations (JSON): Expected `object`, got `array`"),
    "a number": (3, "is not a COCO file"),
    "null": (None, "Expected `object`, got `null`"),
    "images are a table": (coco_tree(BOXES) | {"images": {"a": 1}}, "at `$.images`"),
    "an id of a list": (changed("images", 0, id=[1]), "at `$.images[0].id`"),
    "an id of a float": (changed("images", 0, id=1.5), "at `$.images[0].id`"),
    "an image of no name": (changed("images", 0, file_name=None), "at `$.images[0].file_name`"),
    "a box of text": (changed("annotations", 2, bbox="1 2 3 4"), "at `$.annotations[2].bbox`"),
    "a box of texts": (changed("annotations", 2, bbox=["1", 2, 3, 4]), "$.annotations[2].bbox[0]"),
    "a box of three": (changed("annotations", 2, bbox=[1, 2, 3]), "2: a box of 3 numbers."),
    "a box of NaN": (changed("annotations", 0, bbox=[1, float("nan"), 3, 4]), "is no JSON"),
    "no area": (changed("annotations", 1, bbox=[3, 3, 0, 5]), "annotation 1: the box [3, 3, 0, 5]"),
    "outside": (changed("annotations", 1, bbox=[70, 3, 5, 5]), "annotation 1: the box [70, 3, 5,"),
    "corners": (coco_tree([*MANY, (0, 3, (50, 40, 60, 44))]), "seem to be [x1, y1, x2, y2]"),
    "an image not listed": (changed("annotations", 0, image_id=9), "there is no image of id 9"),
    "a category not listed": (changed("annotations", 0, category_id=80), "no category of id 80"),
    "an id twice": (changed("images", 1, id=1), "the image id 1 is there twice."),
    "a path out": (changed("images", 0, file_name="../../etc/passwd"), "is no name of a file in"),
    "a path from the root": (changed("images", 0, file_name="/etc/passwd"), "is no name of a file"),
    "an image not there": (changed("images", 0, file_name="gone.jpg"), "gone.jpg: no such image"),
    "another size": (changed("images", 0, width=640), "says that "),
    "key points of another number": (
        changed("annotations", 0, keypoints=[1, 2, 2])
        | {"categories": [{"id": 7, "name": "a", "keypoints": ["x", "y"]}, {"id": 3, "name": "b"}]},
        "3 numbers of key points, but its category names 2 points",
    ),
    "a visibility of 7": (
        changed("annotations", 0, keypoints=[1, 2, 7])
        | {"categories": [{"id": 7, "name": "a", "keypoints": ["x"]}, {"id": 3, "name": "b"}]},
        "a visibility of 7.",
    ),
    "an outline of a point": (changed("annotations", 0, segmentation=[[1, 2]]), "an outline that"),
    "an outline far out": (
        changed("annotations", 0, segmentation=[[0, 0, 1e7, 0, 1e7, 1e7]]),
        "an outline that reaches out of its image of 64 x 48 pixels",
    ),
    "a second ring left of it": (
        changed("annotations", 0, segmentation=[[0, 0, 9, 0, 9, 9], [-1e7, 0, 9, 0, 9, 9]]),
        "an outline that reaches out of its image",
    ),
    "an outline below it": (
        changed("annotations", 0, segmentation=[[0, 0, 9, 0, 9, 60]]),
        "an outline that reaches out of its image",
    ),
    "an outline of numbers": (changed("annotations", 0, segmentation=[1, 2, 3]), "an outline that"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_sentence(tmp_path, name):
    tree, message = BAD[name]
    with pytest.raises(BadInput) as caught:
        read(tmp_path, tree)
    assert message in str(caught.value.args[0])
    assert "\n" not in str(caught.value.args[0])
    assert caught.value.hint or "no such image" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no JSON"),
        ("{", "is no JSON"),
        ('{"x": ' + "[" * 200_000, "nested too deeply"),
        (b"\xff\xfe{}", "is no JSON"),
        ('{"images": [{"id": 1' + "0" * 5000 + "}]}", "is"),
    ],
)
def test_what_is_no_json(tmp_path, text, message):
    path = tmp_path / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadInput, match=message):
        coco.read(path, tmp_path)


def test_a_size_before_the_orientation_is_told_as_that(tmp_path):
    picture(tmp_path / "a.jpg", (64, 48), orientation=6)
    tree = coco_tree([(0, 7, (0, 0, 10, 40))], images=("a.jpg",))
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(tree))
    with pytest.raises(BadInput) as caught:
        coco.read(path, tmp_path)
    assert "64 x 48 pixels, before its EXIF orientation is applied; upright it has 48 x 64" in str(
        caught.value
    )
    tree["images"][0] |= {"width": 48, "height": 64}
    path.write_text(json.dumps(tree))
    assert coco.read(path, tmp_path).sizes.tolist() == [[48, 64]]


def test_a_size_that_is_another_images_is_not_called_an_orientation(tmp_path):
    picture(tmp_path / "a.jpg", (64, 48))
    tree = coco_tree([(0, 7, (0, 0, 10, 40))], images=("a.jpg",))
    tree["images"][0] |= {"width": 640, "height": 480}
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(tree))
    with pytest.raises(BadInput, match="and its boxes belong to that; it has 64 x 48") as caught:
        coco.read(path, tmp_path)
    assert "orientation" not in caught.value.hint


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        coco.read(tmp_path / "a.json", tmp_path)
    with pytest.raises(BadInput, match="is a folder"):
        coco.read(tmp_path, tmp_path)
    with pytest.raises(BadInput, match="is a device of the system"):
        coco.read(type(tmp_path)("/dev/zero"), tmp_path)


def test_classes_are_in_the_order_of_their_ids_which_are_kept(tmp_path):
    tree = coco_tree([(0, 7, (4, 4, 20, 20)), (1, 3, (0, 0, 64, 48))])
    found = coco.read(written(tmp_path, tree), tmp_path)
    assert (found.names, found.ids) == (("dog", "cat"), (3, 7))
    assert [one.classes.tolist() for one in found.objects] == [[1], [0]]


def test_ids_that_are_no_numbers_are_not_kept(tmp_path):
    tree = coco_tree([(0, "a", (4, 4, 20, 20))])
    tree["categories"] = [{"id": "a", "name": "cat"}]
    assert coco.read(written(tmp_path, tree), tmp_path).ids == ()
