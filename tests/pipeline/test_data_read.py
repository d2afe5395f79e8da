"""The command line's words of a task, up to the samples of each part."""

import numpy as np
import pytest

from edgeopt import cli_optimize
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.pipeline import data_read
from edgeopt.sources.source import Inspected, OpenSpec
from tests.datasets.annotations.pictures import coco, coco_tree, picture, voc, yolo


def call(*options):
    """What a command line asks for."""
    words = ["m.onnx", "--target", "this-machine", *map(str, options)]
    with cli_optimize.optimize.make_context("optimize", words) as context:
        return cli_optimize.call_of(context.params)


def inspected(shape=(1, 3, 32, 32), dtype="float32"):
    spec = OpenSpec(name="images", dtype=dtype, shape=shape)
    return Inspected(path="m.onnx", format="onnx", inputs=(spec,))


def read(asked, of):
    """What --data, --calibration and --confirm hold."""
    data = data_read.judged(asked, of)
    return data, *data_read.others(asked, of, data)


def test_every_option_of_a_task_arrives():
    words = {
        name: f"{name}.x"
        for name in ("images", "masks", "alphabet", "candidates", "pairs", "confirm_pairs")
    }
    said = {name.replace("_", "-"): value for name, value in words.items()}
    options = [word for name, value in said.items() for word in (f"--{name}", value)]
    asked = call(
        "--data", "d.npz", "--task", "ctc", "--head", "yolo", *options,
        "--state", "hn=h", "--state", "cn=c", "--preprocess", "size=8",
    )  # fmt: skip
    assert asked.task == TaskAsked(task="ctc", head="yolo", states=("hn=h", "cn=c"), **words)
    assert asked.preprocessing == PreparationAsked(size=(8, 8))
    assert call("--data", "d.npz").task == TaskAsked()


def test_a_shape_that_is_said_is_the_size_of_the_images(tmp_path):
    path = yolo(tmp_path, ["0 0.5 0.5 0.25 0.5\n"])
    asked = call("--data", path, "--shape", "images=1x3x48x64")
    data, calibration, confirm = read(asked, inspected(("batch", 3, "h", "w")))
    assert data.inputs["images"].shape == (1, 3, 48, 64)
    assert (calibration, confirm) == (None, None)
    with pytest.raises(BadInput, match="size must be said"):
        read(call("--data", path), inspected(("batch", 3, "h", "w")))


def test_parts_of_one_call(tmp_path):
    made = call(
        "--data", coco(tmp_path / "one", coco_tree([(0, 7, (4, 4, 20, 20))])),
        "--confirm", coco(tmp_path / "two", coco_tree([(1, 3, (4, 4, 20, 20))])),
        "--calibration", picture(tmp_path / "photos" / "a.png").parent,
        "--head", "yolox",
    )  # fmt: skip
    data_read.require(made)
    data, calibration, confirm = read(made, inspected())
    assert data is not None
    assert data.marks.preparation == confirm.marks.preparation == calibration.marks.preparation
    assert data.marks.preparation.order == "bgr"
    assert calibration.marks.annotated.objects is None
    assert confirm.marks.annotated.names == data.marks.annotated.names == ("dog", "cat")


def test_photos_that_calibrate_are_prepared_like_the_data(tmp_path):
    made = call(
        "--data", yolo(tmp_path, ["0 0.5 0.5 0.25 0.5\n"]),
        "--calibration", picture(tmp_path / "photos" / "a.png", seed=3).parent,
    )  # fmt: skip
    data_read.require(made)
    data, calibration, _ = read(made, inspected())
    assert calibration.marks.preparation == data.marks.preparation
    assert data.marks.preparation.way == "letterbox"


def test_voc_counts_the_classes_of_the_data_in_every_part(tmp_path):
    first = voc(tmp_path / "a", [[("dog", (1, 1, 64, 48)), ("cat", (11, 9, 20, 18))]])
    second = voc(tmp_path / "b", [[("dog", (1, 1, 64, 48))]])
    made = call("--data", first, "--confirm", second, "--preprocess", "way=stretch,mean=0,scale=1")
    data, _, confirm = read(made, inspected())
    assert data.marks.annotated.names == confirm.marks.annotated.names == ("cat", "dog")
    assert confirm.marks.annotated.objects[0].classes.tolist() == [1]


def test_what_was_noticed_in_annotations_is_told(tmp_path):
    path = yolo(tmp_path, ["0 0.5 0.5 0.25 0.5\n", None, None])
    data, _, _ = read(call("--data", path), inspected())
    [told] = data_read.advice(data)
    assert told.startswith("2 of 3 images of ")


def test_arrays_are_read_as_before(tmp_path):
    np.savez(tmp_path / "d.npz", images=np.zeros((4, 3, 32, 32), np.float32), labels=np.arange(4))
    made = call("--data", tmp_path / "d.npz")
    data_read.require(made)
    data, _, _ = read(made, inspected())
    assert data.labels.tolist() == [0, 1, 2, 3]
    assert data.marks is None
    assert data_read.advice(data) == []
