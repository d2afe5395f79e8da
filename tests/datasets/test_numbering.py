"""Ids with gaps: a head's outputs tell how its model numbers the classes of a COCO file."""

from pathlib import Path

import numpy as np
import pytest

from edgeopt.datasets.annotations.annotated import Annotated, Objects
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling import detection, numbering
from edgeopt.datasets.settling.settled import Given
from edgeopt.decoding.placement import placement
from edgeopt.decoding.preparation import Preparation
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.domain.tensor import TensorSpec
from tests.decoding import made

N, IDS, NAMES = 4, (2, 5, 9), ("cat", "dog", "cow")
#: How many classes the head has -> what the data's three are there.
NUMBERS = {3: [0, 1, 2], 10: [2, 5, 9], 9: [1, 4, 8]}


def annotated(ids=IDS, names=NAMES):
    boxes = np.array([[1.0, 1, 9, 9]] * len(names))
    flags = np.zeros(len(names), bool)
    one = Objects(boxes, np.arange(len(names)), flags, flags, np.full(len(names), 64.0))
    images = tuple(Path(f"{i}.png") for i in range(N))
    return Annotated(images, np.full((N, 2), 64), (one,) * N, names=names, ids=ids, origin="data")


def given(head, outputs, marked, asked):
    height, width = made.size_of(head)
    size = (height, width)
    marks = MarkedImages(
        marked, (placement("stretch", size, size),) * N, Preparation("stretch", size)
    )
    samples = Samples({"x": np.zeros((N, 1, 3, *size), np.float32)}, origin="data", marks=marks)
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 3, *size))
    stacked = {name: np.stack([one[name] for one in outputs]) for name in outputs[0]}
    return Given(TaskAsked(head=asked), "", samples, stacked, (spec,), next(iter(stacked)))


def outputs_of(head, classes, monkeypatch):
    monkeypatch.setattr(made, "CLASSES", classes)
    return [made.outputs(head, seed) for seed in range(N)]


@pytest.mark.slow
@pytest.mark.parametrize("classes", NUMBERS)
@pytest.mark.parametrize(
    "head", ["yolo", "yolo-objectness", "yolox", "yolo-dfl", "ssd", "centernet", "nanodet"]
)
def test_as_many_classes_as_the_head_has(head, classes, monkeypatch):
    found = detection.settle(given(head, outputs_of(head, classes, monkeypatch), annotated(), head))
    assert len(found.facts.names) == classes
    truths = found.truths(Samples({}, marks=MarkedImages(annotated(), (), None)))
    assert truths.classes.tolist() == NUMBERS[classes] * N
    assert [truths.names[i] for i in NUMBERS[classes]] == list(NAMES)
    assert "classes" in found.facts.why


@pytest.mark.parametrize(("logits", "classes"), [(3, 3), (4, 3), (10, 10), (11, 10)])
def test_detr_numbers_by_the_ids_themselves(logits, classes, monkeypatch):
    outputs = outputs_of("detr", logits - 1, monkeypatch)
    found = detection.settle(given("detr", outputs, annotated(), "detr"))
    assert len(found.facts.names) == classes


@pytest.mark.parametrize(
    ("head", "seen", "classes"),
    [
        ("ssd-postprocess", [1, 4], 9),  # as TensorFlow's, also where it could be the order
        ("ssd-postprocess", [0, 2], 3),
        ("ssd-postprocess", [2, 9], 10),
        ("nms-inside", [0, 1], 3),
        ("nms-inside", [5, 9], 10),
        ("nms-inside", [4, 8], 9),
    ],
)
def test_heads_that_do_not_say_how_many_are_told_by_what_they_find(head, seen, classes):
    outputs = [made.outputs(head, seed) for seed in range(N)]
    for one in outputs:
        name = next(n for n in one if n.endswith(":1") or n == "labels")
        one[name] = np.resize(np.array(seen, one[name].dtype), one[name].shape)
        name = next(n for n in one if n.endswith(":2") or n == "scores")
        one[name] = np.maximum(one[name], 0.9)
    found = detection.settle(given(head, outputs, annotated(), head))
    assert len(found.facts.names) == classes


def test_without_a_word_the_head_is_known_by_any_numbering(monkeypatch):
    found = detection.settle(given("ssd", outputs_of("ssd", 9, monkeypatch), annotated(), ""))
    assert (found.facts.head, len(found.facts.names)) == ("ssd", 9)
    assert "ids less 1" in found.facts.why


def test_ids_without_gaps_leave_nothing_to_choose(monkeypatch):
    plain = annotated((1, 2, 3))
    assert [way.words for way in numbering.numberings(plain)] == [""]
    assert len(numbering.numberings(annotated((0, 5, 9)))) == 1, "0 is no id of COCO's"
    assert len(numbering.numberings(annotated((1, 5, 90_000)))) == 1
    assert len(numbering.numberings(annotated(()))) == 1
    with pytest.raises(BadInput, match="names 3 classes"):
        detection.settle(given("yolo", outputs_of("yolo", 9, monkeypatch), plain, "yolo"))
