import numpy as np
import pytest
from PIL import Image

from edgeopt.decoding import nms_inside, size_inputs
from edgeopt.decoding.preparation import Preparation
from edgeopt.decoding.serving import NoSuchInput, Server


@pytest.mark.parametrize(
    ("name", "shape", "known"),
    [
        ("orig_target_sizes", ("N", 2), True),
        ("im_shape", (1, 2), True),
        ("scale_factor", (2,), True),
        ("scale_factor", (1, 1), False),
        ("scale_factor", (1, 3, 2), False),
        ("sizes", (1, 2), False),
    ],
)
def test_what_is_one(name, shape, known):
    assert size_inputs.known(name, shape) is known


def server(inputs, run):
    task = {
        "name": "detection", "head": "nms-inside", "size": [32, 64], "names": ["a", "b"],
        "preparation": Preparation("letterbox", (32, 64)).record(),
    }  # fmt: skip
    return Server(task, nms_inside, inputs, run)


def test_what_is_shipped_tells_the_size_and_takes_boxes_back():
    """A graph that multiplies shares by `orig_target_sizes`, as RT-DETR's export does."""

    def run(given):
        assert given["images"].shape == (1, 3, 32, 64)
        size = given["orig_target_sizes"]
        assert (size.dtype, size.tolist()) == (np.int64, [[64, 32]])
        boxes = np.array([[0.25, 0.5, 0.75, 1.0]], np.float32) * np.tile(size, 2)
        return {"labels": np.array([[1]]), "boxes": boxes[None], "scores": np.array([[0.9]])}

    inputs = {"images": ("float32", (1, 3, 32, 64)), "orig_target_sizes": ("int64", (1, 2))}
    found = server(inputs, run).image(Image.new("RGB", (128, 64))).answer
    assert found.boxes.tolist() == [[32, 32, 96, 64]]


def test_other_inputs_are_not_guessed():
    inputs = {"images": ("float32", (1, 3, 32, 64)), "mask": ("float32", (1, 2))}
    with pytest.raises(NoSuchInput, match="images, mask"):
        server(inputs, dict).image(Image.new("RGB", (128, 64)))
