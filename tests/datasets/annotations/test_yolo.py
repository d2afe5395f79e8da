import os

import numpy as np
import pytest

from edgeopt.datasets.annotations import data_yaml, yolo
from edgeopt.domain.errors import BadInput
from tests.datasets.annotations.pictures import picture
from tests.datasets.annotations.pictures import yolo as written

LABELS = ["0 0.5 0.5 0.25 0.5\n1 .25 .25 .5 .5\n", None, ""]


def test_boxes_in_pixels_and_images_without_labels(tmp_path):
    found = yolo.read(written(tmp_path, LABELS))
    assert found.names == ("cat", "dog")
    assert [one.name for one in found.images] == ["a0.png", "a1.png", "a2.png"]
    assert found.objects[0].boxes.tolist() == [[24, 12, 40, 36], [0, 0, 32, 24]]
    assert found.objects[0].classes.tolist() == [0, 1]
    assert found.objects[0].areas.tolist() == [384, 768]
    assert [len(one) for one in found.objects] == [2, 0, 0]
    assert found.advice == ()


@pytest.mark.parametrize(
    "names",
    [
        "names: {0: no, 1: 1e5}",
        "names:\n  1: 1e5\n  0: no",
        "names: [no, 1e5]",
        "names: ['no', \"1e5\"]\nnc: 2",
    ],
)
def test_names_are_the_texts_that_they_are(tmp_path, names):
    path = written(tmp_path, LABELS, f"val: images\n{names}\n")
    assert yolo.read(path).names == ("no", "1e5")


@pytest.mark.parametrize(
    "where",
    [
        "path: .\nval: images",
        "path: {folder}\nval: images",
        "path: /of/another/machine\nval: images",
        "val: ../images",  # as Roboflow's exports say
        "val: [images]",
        "val: list.txt",
        "path: ../{name}\nval: images",
        "val: ./images/\ntest:\ntrain: gone",
    ],
)
def test_the_ways_to_say_where_images_lie(tmp_path, where):
    said = where.format(folder=tmp_path, name=tmp_path.name)
    path = written(tmp_path, LABELS, f"{said}\nnames: [cat, dog]\n")
    (tmp_path / "list.txt").write_text("./images/a0.png\nimages/a1.png\n\nimages/a2.png\n")
    found = yolo.read(path)
    assert [one.name for one in found.images] == ["a0.png", "a1.png", "a2.png"]
    assert [len(one) for one in found.objects] == [2, 0, 0]


def test_labels_lie_where_the_last_folder_of_images_becomes_labels():
    path = data_yaml.Path("/images/x/images/val/a.b.jpg")
    assert str(yolo.labels_of(path)) == "/images/x/labels/val/a.b.txt"


def test_outlines_and_rotated_boxes(tmp_path):
    found = yolo.read(written(tmp_path, ["0 .25 .25 .5 .25 .5 .75\n1 .1 .2 .3 .2 .3 .4 .1 .4"]))
    np.testing.assert_allclose(found.objects[0].boxes, [[16, 12, 32, 36], [6.4, 9.6, 19.2, 19.2]])
    assert found.objects[0].outlines[0][0].tolist() == [[16, 12], [32, 12], [32, 36]]
    assert found.objects[0].outlines[1][0].shape == (4, 2)


@pytest.mark.parametrize(
    ("shape", "points", "wanted"),
    [
        ("[2, 3]", ".5 .5 2 0 0 0", [[32, 24, 2], [0, 0, 0]]),
        ("[2, 2]", ".5 .5 0 0", [[32, 24, 2], [0, 0, 0]]),
    ],
)
def test_key_points(tmp_path, shape, points, wanted):
    yaml = f"val: images\nnames: [a]\nkpt_shape: {shape}\n"
    found = yolo.read(written(tmp_path, [f"0 .5 .5 .5 .5 {points}", None], yaml))
    assert found.objects[0].keypoints.tolist() == [wanted]
    assert found.objects[1].keypoints.shape == (0, 2, 3)
    assert found.keypoint_names == ("0", "1")


def test_boxes_are_of_the_upright_image(tmp_path):
    path = written(tmp_path, LABELS[:1])
    os.remove(tmp_path / "images" / "a0.png")
    picture(tmp_path / "images" / "a0.jpg", (64, 48), orientation=6)
    found = yolo.read(path)
    assert found.sizes.tolist() == [[48, 64]]
    assert found.objects[0].boxes[0].tolist() == [18, 16, 30, 48]


CORNERS = "".join(
    f"0 {x:.3f} {y:.3f} {x + 0.1:.3f} {y + 0.05:.3f}\n"
    for x in (0.05, 0.4, 0.8)
    for y in (0.1, 0.6, 0.9)
)
BAD_LABELS = {
    "a class beyond": ("2 .5 .5 .1 .1", "line 1: the class 2, but there are 2 (0 to 1)."),
    "a class of half": ("0 .5 .5 .1 .1\n\n0.5 .5 .5 .1 .1", "line 3: the class 0.5"),
    "a class below": ("-1 .5 .5 .1 .1", "the class -1"),
    "a class of nan": ("nan .5 .5 .1 .1", "the class nan"),
    "words": ("cat .5 .5 .1 .1", "'cat .5 .5 .1 .1' is no label."),
    "three": ("0 .5 .5 .1", "3 numbers behind the class, but a box has 4."),
    "with a score": ("0 .5 .5 .1 .1 .9", "5 numbers behind the class"),
    "only a class": ("0", "0 numbers behind the class"),
    "no area": ("0 .5 .5 0 .1", "line 1: the box [0.5, 0.5, 0, 0.1] in an image of 64 x 48 pixels "
                "has no area."),
    "outside": ("0 .9 .5 .5 .1", "reaches out of it."),
    "nan": ("0 .9 nan .5 .1", "is not finite."),
    "corners": (CORNERS, "the boxes seem to be [x1, y1, x2, y2] in shares of the image's sides"),
    "pixels": ("0 32 24 10 10\n" * 6, "the boxes seem to be [centre x, centre y, width, height] in "
               "pixels"),
    "nothing": ("\n \n", "hold 0 objects"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_LABELS)
def test_bad_labels_are_one_sentence(tmp_path, name):
    text, message = BAD_LABELS[name]
    with pytest.raises(BadInput) as caught:
        yolo.read(written(tmp_path, [text]))
    assert message in str(caught.value.args[0])
    assert "\n" not in str(caught.value.args[0])


def test_a_class_beyond_the_only_one(tmp_path):
    path = written(tmp_path, ["1 .5 .5 .1 .1"], "val: images\nnames: [cat]\n")
    with pytest.raises(BadInput, match="line 1: the class 1, but there is one, 0"):
        yolo.read(path)


LAUGHS = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in ["ab", "bc", "cd"])
BAD_YAML = {
    "aliases": (LAUGHS, "has an alias, *a, which is not read."),
    "deep": ("names: " + "[" * 100_000, "is nested too deeply to be read."),
    "an object": ("names: !!python/object/apply:os.system [ls]\nval: images", "of '"),
    "no YAML": ("names: [a\nval: b", "is no YAML"),
    "a list": ("- a", "it holds no table."),
    "empty": ("", "it holds no table."),
    "control characters": ("a: \x00", "is no YAML"),
    "no names": ("val: images", "`names` is neither a list nor a table of classes."),
    "names of a number": ("val: images\nnames: 3", "`names` is neither"),
    "a gap": ("val: images\nnames: {0: a, 2: b}", "has the key '2', but 2 classes are numbered"),
    "another nc": ("val: images\nnames: [a, b]\nnc: 80", "`nc` is 80, but `names` holds 2 classes"),
    "no parts": ("names: [a]", "names no images."),
    "val of a table": ("names: [a]\nval: {a: b}", "`val` is no path."),
    "no such folder": ("names: [a]\nval: gone", "there is nothing at"),
    "no val": ("names: [a]\ntrain: images", "has no part 'val'"),
    "kpt_shape": ("names: [a]\nval: images\nkpt_shape: 17", "`kpt_shape` is 17."),
    "kpt_shape of 5": ("names: [a]\nval: images\nkpt_shape: [17, 5]", "`kpt_shape` is ['17', '5']"),
}


@pytest.mark.parametrize("name", [name for name in BAD_YAML if name != "an object"])
def test_bad_yaml_is_one_sentence(tmp_path, name):
    text, message = BAD_YAML[name]
    with pytest.raises(BadInput) as caught:
        yolo.read(written(tmp_path, LABELS, text))
    assert message in str(caught.value.args[0])
    assert "\n" not in str(caught.value.args[0])


def test_a_tag_of_yaml_runs_nothing(tmp_path):
    path = written(tmp_path, ["0 .5 .5 .5 .5"], BAD_YAML["an object"][0])
    assert yolo.read(path).names == ("ls",)


def test_no_labels_at_all(tmp_path):
    with pytest.raises(BadInput, match=r"none of the 2 images of 'val' has labels; the first was "):
        yolo.read(written(tmp_path, [None, None]))
    (tmp_path / "empty").mkdir()
    (tmp_path / "data.yaml").write_text("val: empty\nnames: [a]")
    with pytest.raises(BadInput, match="the part 'val' holds 0 images"):
        yolo.read(tmp_path / "data.yaml")


def test_an_image_of_a_list_that_is_missing(tmp_path):
    path = written(tmp_path, ["0 .5 .5 .5 .5"], "val: list.txt\nnames: [a]")
    (tmp_path / "list.txt").write_text("images/a0.png\nimages/gone.png\n")
    with pytest.raises(BadInput, match=r"gone\.png: no such image"):
        yolo.read(path)


def test_most_images_without_labels_are_told(tmp_path):
    found = yolo.read(written(tmp_path, ["0 .5 .5 .5 .5", None, None]))
    assert str(found.advice[0]).startswith("2 of 3 images of")


@pytest.mark.parametrize(
    "name", ["/etc/a.png", "../a.png", "images/../../a.png", "{folder}-2/a.png"]
)
def test_a_list_names_no_image_outside_of_the_root(tmp_path, name):
    path = written(tmp_path, ["0 .5 .5 .5 .5"], "val: list.txt\nnames: [a]")
    (tmp_path / "list.txt").write_text(f"images/a0.png\n{name.format(folder=tmp_path)}\n")
    with pytest.raises(BadInput, match="lies outside of"):
        yolo.read(path)


def test_a_list_may_name_images_from_the_top_and_above_itself(tmp_path):
    path = written(tmp_path, ["0 .5 .5 .5 .5", ""], "val: lists/val.txt\nnames: [a]")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "val.txt").write_text(f"../images/a0.png\n{tmp_path}/images/a1.png\n")
    assert [len(one) for one in yolo.read(path).objects] == [1, 0]
