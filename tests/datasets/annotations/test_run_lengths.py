"""Run-length outlines are the masks that COCO's own library reads of them."""

import json

import numpy as np
import pytest
from faster_coco_eval.core import mask

from edgeopt.datasets.annotations import coco, run_lengths, truths
from edgeopt.domain.errors import BadInput
from tests.datasets.annotations.pictures import coco as written
from tests.datasets.annotations.pictures import coco_tree

SIZE = (48, 64)


def disc(x, y, radius):
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def speckled(share):
    return np.random.default_rng(3).random(SIZE) < share


MASKS = {
    "a disc": disc(30, 20, 9),
    "a disc at the corner": disc(0, 0, 12),
    "speckles": speckled(0.3),
    "nothing": np.zeros(SIZE, bool),
    "everything": np.ones(SIZE, bool),
}


def lengths(drawn):
    flat = np.concatenate([[False], drawn.ravel(order="F")])
    ends = [*np.flatnonzero(np.diff(flat)), drawn.size]
    return np.diff(ends, prepend=0).tolist()


def coded(drawn, form):
    if form == "list":
        return {"size": list(SIZE), "counts": lengths(drawn)}
    packed = mask.encode(np.asfortranarray(drawn, np.uint8))
    return {"size": list(SIZE), "counts": packed["counts"].decode()}


@pytest.mark.parametrize("form", ["list", "text"])
@pytest.mark.parametrize("name", MASKS)
def test_both_forms_are_the_drawn_mask(name, form):
    drawn = MASKS[name]
    runs = run_lengths.read(json.dumps(coded(drawn, form)).encode(), SIZE)
    filled = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(SIZE, order="F")
    np.testing.assert_array_equal(filled, drawn)


@pytest.mark.parametrize("form", ["list", "text"])
@pytest.mark.parametrize("crowd", [0, 1])
def test_masks_are_judged_by_them_and_not_by_the_boxes(tmp_path, form, crowd):
    drawn = disc(30, 20, 9)
    tree = coco_tree([(0, 7, (21, 11, 19, 19))])
    tree["annotations"][0] |= {"segmentation": coded(drawn, form), "iscrowd": crowd}
    annotated = coco.read(written(tmp_path, tree), tmp_path)
    found = truths.boxes(annotated, shape="mask").shapes
    assert found.areas.tolist() == [drawn.sum()]
    np.testing.assert_array_equal(mask.decode(found.runs[0]), drawn)


def test_what_is_marked_is_another_by_another_mask(tmp_path):
    said = []
    for radius in (8, 9):
        tree = coco_tree([(0, 7, (21, 11, 19, 19))])
        tree["annotations"][0]["segmentation"] = coded(disc(30, 20, radius), "text")
        said.append(coco.read(written(tmp_path, tree), tmp_path).sha256())
    assert said[0] != said[1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"counts": [1, 2]}, "its runs do not add up to 3072 pixels"),
        ({"counts": [4000, -928]}, "its runs do not add up"),
        ({"counts": "91"}, "its runs do not add up"),
        ({"counts": "\u00e4"}, "no run-length code"),
        ({"counts": "P" * 40}, "no run-length code"),
        ({"counts": [2**70]}, "no run-length code"),
        ({"size": [64, 48]}, "of an image of 48 x 64, and this has 64 x 48"),
        ({"size": None}, "no run-length code"),
    ],
)
def test_what_is_no_outline_is_told(tmp_path, changes, sentence):
    tree = coco_tree([(0, 7, (21, 11, 19, 19))])
    tree["annotations"][0]["segmentation"] = coded(disc(30, 20, 9), "list") | changes
    with pytest.raises(BadInput, match=f"annotation 0: an outline in run lengths.*{sentence}"):
        coco.read(written(tmp_path, tree), tmp_path)


@pytest.mark.parametrize("crowd", [0, 1])
def test_rotated_boxes_have_no_run_lengths_but_of_crowds(tmp_path, crowd):
    tree = coco_tree([(0, 7, (21, 11, 19, 19))])
    tree["annotations"][0] |= {"segmentation": coded(disc(30, 20, 9), "list"), "iscrowd": crowd}
    annotated = coco.read(written(tmp_path, tree), tmp_path)
    if crowd:
        assert truths.boxes(annotated, shape="rotated").shapes.areas.tolist() == [19 * 19]
        return
    with pytest.raises(BadInput, match="1 objects have an outline in run lengths"):
        truths.boxes(annotated, shape="rotated")
