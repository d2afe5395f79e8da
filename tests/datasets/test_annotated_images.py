"""Annotated data in each format, as samples of one model."""

import json

import numpy as np
import pytest
from PIL import Image

from edgeopt.datasets.annotations import upright
from edgeopt.datasets.check import check, constant_inputs
from edgeopt.datasets.classified_images import ClassifiedImages
from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.load import load, require
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.datasets.split import split
from edgeopt.datasets.task_data import TaskData
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from edgeopt.sources.source import OpenSpec
from tests.datasets.annotations.pictures import coco, coco_tree, mask, picture, voc, yolo

BOXES = [(0, 7, (4, 4, 20, 20)), (1, 3, (0, 0, 64, 48))]
SAID = PreparationAsked(way="stretch", mean=(0,) * 3, scale=(1,) * 3)
SPEC = OpenSpec(name="images", dtype="float32", shape=(1, 3, 32, 32))


def task_data(spec=SPEC, part="data", names=(), **said):
    return TaskData(TaskAsked(**said), (spec,), part, names)


def loaded(data, said=SAID, spec=SPEC, part="data", names=(), **asked):
    return load(data, [spec.name], said, (), task_data(spec, part, names, **asked))


def message_of(data, said=SAID, spec=SPEC, **others):
    with pytest.raises(BadInput) as caught:
        loaded(data, said, spec, **others)
    return str(caught.value)


def lines(folder, text="a.png\tab\nb.png\tba\n", letters="a\nb\n"):
    picture(folder / "a.png", (100, 24))
    picture(folder / "b.png", (30, 24))
    (folder / "alphabet.txt").write_text(letters)
    path = folder / "lines.tsv"
    path.write_text(text)
    return path


def test_coco_with_its_images_beside_it_or_elsewhere(tmp_path):
    path = coco(tmp_path / "val", coco_tree(BOXES))
    beside = loaded(path)
    assert beside.inputs["images"].shape == (2, 3, 32, 32)
    assert beside.labels is None
    assert beside.marks.annotated.names == ("dog", "cat")
    assert beside.marks.annotated.objects[0].boxes.tolist() == [[4, 4, 24, 24]]
    assert beside.marks.placements[0].image == (48, 64)
    alone = tmp_path / "instances.json"
    alone.write_text(path.read_text())
    assert "Add --images FOLDER" in message_of(alone)
    elsewhere = loaded(alone, images=str(tmp_path / "val"))
    assert elsewhere.sha256() == beside.sha256()


def test_what_is_loaded_is_what_the_preparation_makes_of_the_upright_image(tmp_path):
    tree = coco_tree([(0, 7, (4, 4, 20, 20))], images=("a.jpg",))
    picture(tmp_path / "a.jpg", (48, 64), orientation=6)  # 64 x 48 as it is shown
    path = coco(tmp_path, {**tree, "images": [{**tree["images"][0], "width": 64, "height": 48}]})
    found = loaded(path, PreparationAsked(way="letterbox", mean=(1,) * 3, scale=(0.5,) * 3))
    preparation = Preparation("letterbox", (32, 32), (1,) * 3, (0.5,) * 3)
    wanted, place = preparation.apply(upright.open_image(tmp_path / "a.jpg"))
    np.testing.assert_array_equal(found.inputs["images"], wanted[None])
    assert found.marks.preparation == preparation
    assert found.marks.placements == (place,)
    assert place.image == (48, 64)


def test_data_yaml_needs_no_word_of_preparation_and_has_a_part_for_each_purpose(tmp_path):
    yaml = "val: images\ntrain: more/images\nnames: [cat, dog]\n"
    path = yolo(tmp_path, ["0 0.5 0.5 0.25 0.5\n", "1 .25 .25 .5 .5\n"], yaml)
    yolo(tmp_path / "more", ["0 0.5 0.5 0.25 0.5\n"])
    found = loaded(path, None)
    assert len(found) == 2
    assert found.marks.preparation == Preparation("letterbox", (32, 32), scale=(1 / 255,) * 3)
    assert found.marks.annotated.names == ("cat", "dog")
    for part in ("calibration", "train"):
        assert len(loaded(path, None, part=part)) == 1
    assert "has no part 'test'" in message_of(path, None, part="confirm")


def test_voc_of_another_part_has_the_classes_of_the_first(tmp_path):
    folder = voc(tmp_path, [[("dog", (1, 1, 64, 48)), ("cat", (11, 9, 20, 18))], []])
    found = loaded(folder)
    assert found.marks.annotated.names == ("cat", "dog")
    other = voc(tmp_path / "other", [[("dog", (1, 1, 64, 48))]])
    assert loaded(other).marks.annotated.objects[0].classes.tolist() == [0]
    second = loaded(other, part="confirm", names=("cat", "dog"))
    assert second.marks.annotated.objects[0].classes.tolist() == [1]
    assert "'dog' is none of the 1 names" in message_of(other, part="confirm", names=("cat",))


def test_classes_in_another_order_are_refused(tmp_path):
    path = coco(tmp_path, coco_tree(BOXES))
    told = message_of(path, part="confirm", names=("cat", "dog"))
    assert told.startswith(f"{path}: class 0 is dog, but in --data it is cat.")
    told = message_of(path, part="confirm", names=("dog",))
    assert told.startswith(f"{path}: it has 2 classes, but --data has 1.")


def test_photos_with_masks_and_without_for_calibration(tmp_path):
    for name in ("a", "b"):
        picture(tmp_path / "photos" / f"{name}.jpg", (16, 12))
        mask(tmp_path / "masks" / f"{name}.png", np.ones((12, 16)))
    masks = str(tmp_path / "masks")
    found = loaded(tmp_path / "photos", masks=masks)
    assert [one.name for one in found.marks.annotated.masks] == ["a.png", "b.png"]
    assert found.marks.annotated.sizes.tolist() == [[16, 12], [16, 12]]
    (tmp_path / "masks" / "b.png").unlink()
    assert loaded(tmp_path / "photos", masks=masks, part="train").marks.annotated.masks is None
    assert "b.jpg has no mask" in message_of(tmp_path / "photos", masks=masks)
    assert "--masks gone: no such folder" in message_of(tmp_path / "photos", masks="gone")


def test_lines_of_text_in_grey(tmp_path):
    path = lines(tmp_path)
    spec = OpenSpec(name="x", dtype="float32", shape=("n", 1, 24, 64))
    said = PreparationAsked(way="line", mean=(127.5,) * 3, scale=(1 / 127.5,) * 3, fill=127.5)
    found = loaded(path, said, spec, alphabet=str(tmp_path / "alphabet.txt"))
    assert found.inputs["x"].shape == (2, 1, 24, 64)
    assert found.marks.annotated.texts == ("ab", "ba")
    assert [one.resized for one in found.marks.placements] == [(24, 64), (24, 30)]
    assert not found.inputs["x"][1, :, :, 30:].any()
    assert found.marks.preparation.order == "grey"


def test_lines_need_their_alphabet(tmp_path):
    path = lines(tmp_path, letters="x\ny\n")
    assert "Add --alphabet FILE" in message_of(path)
    told = message_of(path, alphabet=str(tmp_path / "alphabet.txt"))
    assert "2 of 2 texts hold letters that the alphabet lacks, such as 'a' of 'ab'" in told
    text = path.rename(tmp_path / "lines.txt")
    assert "data of an unknown kind" in message_of(text)
    assert "Add --alphabet" in message_of(text, task="ctc")


@pytest.mark.parametrize("asked", [{"task": "detection"}, {"head": "yolo"}, {}])
def test_photos_alone_are_judged_by_agreement(tmp_path, asked):
    picture(tmp_path / "a.png")
    found = loaded(tmp_path, **asked)
    assert found.labels is None
    assert found.marks.annotated.objects is None
    assert found.marks.annotated.sizes.tolist() == [[64, 48]]


def test_a_folder_of_classes_may_be_prepared_in_the_form_of_tasks(tmp_path):
    for name in ("0", "1"):
        picture(tmp_path / name / "a.png")
    found = loaded(tmp_path)
    assert (found.labels.tolist(), found.marks.names) == ([0, 1], ("0", "1"))
    assert isinstance(found.marks, ClassifiedImages)
    assert found.inputs["images"].shape == (2, 3, 32, 32)
    assert "folders of classes, which say nothing of boxes" in message_of(tmp_path, head="yolo")


def test_xml_beside_a_classifiers_photos_is_not_read(tmp_path):
    picture(tmp_path / "a.png")
    (tmp_path / "a.xml").write_text("<none/>")
    found = loaded(tmp_path, Preprocessing.parse("size=32,mean=0,scale=1"))
    assert isinstance(found.marks, ClassifiedImages), "photos, with nothing marked on them"
    assert "is not an annotation of Pascal VOC (XML), but <none>" in message_of(tmp_path)


def test_parts_keep_their_marks(tmp_path):
    names = tuple(f"{i}.png" for i in range(20))
    path = coco(tmp_path, coco_tree([(i, 7, (i, 4, 20, 20)) for i in range(20)], names))
    for i, name in enumerate(names):
        picture(tmp_path / name, seed=i)
    samples = loaded(path)
    parts = split(samples)
    kept = [parts.calibrate, parts.choose, parts.confirm]
    assert sorted(len(part.marks) for part in kept) == [4, 8, 8]
    for part in kept:
        lefts = [one.boxes[0, 0] for one in part.marks.annotated.objects]
        np.testing.assert_array_equal(lefts, part.numbers)


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_bytes_go_in_as_bytes(tmp_path, dtype):
    path = coco(tmp_path, coco_tree(BOXES))
    spec = OpenSpec(name="images", dtype=dtype, shape=(1, 32, 32, 3))
    found = loaded(path, None, spec, head="ssd")
    assert found.inputs["images"].dtype == dtype
    assert found.inputs["images"].shape == (2, 32, 32, 3)


def test_more_than_memory_holds_is_refused_before_an_image_is_decoded(tmp_path):
    for i in range(3):
        Image.new("L", (1, 1)).save(tmp_path / f"{i}.bmp")
    spec = OpenSpec(name="x", dtype="float32", shape=(1, 3, 16384, 16384))
    for i in range(3, 400):
        (tmp_path / f"{i}.bmp").write_bytes((tmp_path / "0.bmp").read_bytes())
    told = message_of(tmp_path, SAID, spec)
    assert "400 images of 16384 x 16384 are 322.1 GB, and this machine" in told


def test_an_image_that_becomes_too_large_is_named(tmp_path):
    Image.new("RGB", (1, 60000)).save(tmp_path / "a.png")
    spec = OpenSpec(name="x", dtype="float32", shape=(1, 3, 640, 640))
    said = PreparationAsked(way="crop", mean=(0,) * 3, scale=(1,) * 3)
    assert "a.png: an image of 1 x 60000 becomes 640 x 38400000 pixels" in message_of(
        tmp_path, said, spec
    )


def test_images_feed_one_input(tmp_path):
    path = coco(tmp_path, coco_tree(BOXES))
    with pytest.raises(BadInput, match="images feed one input, but the model has 2"):
        load(path, ["a", "b"], SAID, (), TaskData(specs=(SPEC, SPEC)))


def test_an_input_that_wants_the_images_size_is_told_the_inputs(tmp_path):
    path = coco(tmp_path, coco_tree(BOXES))
    picture(tmp_path / "b.png", seed=1)
    image = OpenSpec(name="image", dtype="float32", shape=("n", 3, 32, 64))
    others = [
        OpenSpec(name="orig_target_sizes", dtype="int64", shape=("n", 2)),
        OpenSpec(name="im_shape", dtype="float32", shape=(1, 2)),
        OpenSpec(name="scale_factor", dtype="float32", shape=(1, 2)),
    ]
    specs = (others[0], image, *others[1:])
    found = load(path, [spec.name for spec in specs], SAID, (), TaskData(specs=specs))
    assert found.inputs["orig_target_sizes"].tolist() == [[64, 32]] * 2
    assert found.inputs["orig_target_sizes"].dtype == np.int64
    assert found.inputs["im_shape"].tolist() == [[32, 64]] * 2
    assert found.inputs["scale_factor"].tolist() == [[1, 1]] * 2
    fixed = [TensorSpec(name="image", dtype="float32", shape=(1, 3, 32, 64))]
    fixed += [TensorSpec(name=one.name, dtype=one.dtype, shape=(1, 2)) for one in others]
    checked = check(found, fixed, "f")
    assert constant_inputs(checked) == ()
    assert checked.take([1]).marks.annotated.names == ("dog", "cat")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (coco_tree([]), "holds 0 annotations: nothing can be judged by it"),
        (coco_tree([(0, 7, (60, 4, 20, 20))]), "lies outside its image, or reaches out of it"),
        (coco_tree([(0, 7, (4, 4, 0, 20))]), "has no area"),
        (
            coco_tree([(0, 7, (30 + i, 24, 60, 44)) for i in range(6)]),
            "seem to be [x1, y1, x2, y2] in pixels",
        ),
        (coco_tree([(0, 9, (4, 4, 9, 9))]), "there is no category of id 9"),
        (coco_tree(BOXES, images=("gone.jpg", "b.png")), "gone.jpg: no such image"),
    ],
)
def test_annotations_that_are_wrong_are_told_through_the_door(tmp_path, made, told):
    path = coco(tmp_path, made)
    picture(tmp_path / "another.png")
    assert told in message_of(path)


@pytest.mark.parametrize(
    ("name", "asked", "said", "told"),
    [
        ("x.json", {}, None, "way, mean and scale must be said.\n  Add --preprocess way=letterbox"),
        ("x.json", {"head": "nanodet"}, None, "way, mean and scale must be said"),
        ("x.json", {}, "size=8,mean=0,scale=1", "Add way= to --preprocess: letterbox, corner,"),
        ("gone.json", {}, "way=line", "gone.json: no such file or folder\n  "),
        ("x.json", {"images": "gone"}, "way=line", "--images gone: no such folder"),
        ("x.json", {"images": "x.yaml"}, "way=line", "--images x.yaml is a file, not a folder"),
        ("x.json", {"masks": "m"}, "way=line", "--masks names the truths of a folder of photos"),
        ("x.npz", {"images": "m"}, None, "--images names the folder that annotations start from"),
        ("x.yaml", {"images": "m"}, None, "--images names the folder that annotations start from"),
        ("x.yaml", {}, None, "x.yaml: `names` is neither a list nor a table"),
        ("layout", {}, None, "Give the file itself: --data layout/data.yaml"),
        ("layout", {"head": "yolo"}, None, "layout holds a data.yaml, and its folders are no"),
        ("photos", {"images": "m"}, "way=line", "--images names the folder that annotations"),
        ("photos", {"head": "yolox", "masks": "gone"}, None, "--masks gone: no such folder"),
    ],
)
def test_what_can_be_told_before_the_model_is_read(tmp_path, monkeypatch, name, asked, said, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.json").write_text(json.dumps({}))
    (tmp_path / "x.yaml").write_text("val: images\n")
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    picture(tmp_path / "photos" / "a.png")
    yolo(tmp_path / "layout", ["0 0.5 0.5 0.25 0.5"])
    parse = Preprocessing.parse if said and "way" not in said else PreparationAsked.parse
    with pytest.raises(BadInput) as caught:
        require(name, parse(said) if said else None, TaskData(TaskAsked(**asked)))
    assert told in str(caught.value)
