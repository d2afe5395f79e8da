"""Each head knows its own outputs, and no other's; a wrong one is refused with what it wants."""

from __future__ import annotations

import re

import numpy as np
import pytest

from edgeopt import decoding
from edgeopt.decoding.outputs import WrongHead
from tests.decoding import made

#: What shapes and values cannot settle (`recognize` of those modules says why).
NEVER_CERTAIN = ("yolo-pose", "yolo-obb", "yolo-anchors")


def samples(head):
    return [made.outputs(head, seed) for seed in range(3)]


def test_every_head_is_tried():
    assert set(made.MAKERS) == set(decoding.HEADS)


@pytest.mark.parametrize("head", sorted(set(decoding.HEADS) - set(NEVER_CERTAIN)))
def test_the_head_is_recognized_from_outputs_alone(head):
    found = decoding.recognize(samples(head), made.size_of(head))
    assert found[head].level == "certain", found[head]
    assert decoding.certain(samples(head), made.size_of(head)) == head, found


@pytest.mark.slow
@pytest.mark.parametrize("classes", [1, 2, 4, 32, 64, 80])
def test_whatever_the_number_of_classes_is(monkeypatch, classes):
    """As many as there are bins, prototypes or a box's values: widths alone would mislead."""
    monkeypatch.setattr(made, "CLASSES", classes)
    heads = sorted(set(decoding.HEADS) - set(NEVER_CERTAIN))
    found = {head: decoding.certain(samples(head), made.size_of(head)) for head in heads}
    assert found == {head: head for head in heads}


@pytest.mark.parametrize("head", NEVER_CERTAIN)
def test_what_could_be_classes_as_well_is_possible(head):
    found = decoding.recognize(samples(head), made.size_of(head))
    assert found[head].level == "possible"
    assert decoding.certain(samples(head), made.size_of(head)) in (None, "yolo")


@pytest.mark.parametrize("head", sorted(decoding.HEADS))
def test_other_heads_refuse_with_the_shapes_that_they_want(head):
    size, outputs = made.size_of(head), made.outputs(head)
    found = decoding.recognize(samples(head), size)
    others = [name for name in decoding.HEADS if name != head and not found[name]]
    assert len(others) >= 8
    refused = [name for name in others if refusal(name, outputs, size)]
    # What has the shape of another's is decoded; values alone speak against it.
    assert len(refused) >= 8
    said = {name: refusal(name, outputs, size) for name in refused}
    shapes = [str(list(array.shape)) for array in outputs.values()]
    for name, sentence in said.items():
        assert decoding.load(name).WANTS in sentence
        assert all(shape in sentence for shape in shapes)


def refusal(name, outputs, size):
    try:
        decoding.load(name).decode(outputs, size)
    except WrongHead as error:
        return str(error)
    return ""


@pytest.mark.parametrize("head", sorted(decoding.HEADS))
def test_a_classifier_and_an_embedding_are_no_detectors(head):
    rng = np.random.default_rng(0)
    for shape in ((1, 1000), (1, 128), (1, 1)):
        wrong = {"logits": rng.normal(size=shape).astype(np.float32)}
        assert decoding.load(head).recognize([wrong], made.SIZE).level == "no"
        with pytest.raises(WrongHead, match=re.escape(decoding.load(head).WANTS)):
            decoding.load(head).decode(wrong, made.SIZE)


@pytest.mark.parametrize("head", ["yolo", "yolo-seg", "yolox", "yolo-objectness", "nanodet", "ssd"])
def test_another_number_of_classes_is_refused(head):
    recognition = decoding.load(head).recognize(samples(head), made.size_of(head), classes=7)
    assert recognition.level == "no"
    assert "7" in recognition.reason


@pytest.mark.parametrize(("head", "renamed"), [("yolo", "yolox"), ("yolox", "yolo")])
def test_rows_without_a_name_are_told_apart_by_the_number_of_classes(head, renamed):
    """[points, 4 + c] and [points, 5 + c] look alike; the labels' classes settle it."""
    outputs = {"out": rows(head)}
    assert decoding.certain([outputs], made.SIZE, made.CLASSES) == head
    assert decoding.load(renamed).recognize([outputs], made.SIZE, made.CLASSES).level == "no"


def rows(head):
    array = made.outputs(head)[{"yolo": "output0", "yolox": "output"}[head]]
    return array.transpose(0, 2, 1) if head == "yolo" else array


def test_boxes_in_shares_are_no_strides_from_cells():
    """Small figures alone make no YOLOX of what is decoded already."""
    scaled = made.outputs("yolo")["output0"].transpose(0, 2, 1).copy()
    scaled[..., :4] /= np.array([160, 128, 160, 128], np.float32)
    found = decoding.recognize([{"out": scaled}], made.SIZE)
    assert found["yolox"].level == "possible"
    assert found["yolo"].level == "possible"


@pytest.mark.slow
@pytest.mark.parametrize("head", sorted(decoding.HEADS))
def test_answers_lie_in_arrays_of_one_length_by_falling_score(head):
    found = decoding.load(head).decode(made.outputs(head), made.size_of(head))
    count = len(found.scores)
    assert count >= 5
    assert found.boxes.shape == (count, 4)
    assert found.boxes.dtype == found.scores.dtype == np.float64
    assert found.classes.shape == (count,)
    assert found.classes.dtype == np.int64
    assert (np.diff(found.scores) <= 0).all()
    assert set(found.classes) <= set(range(made.CLASSES))
    assert (found.boxes[:, 2:] >= found.boxes[:, :2]).mean() > 0.9
