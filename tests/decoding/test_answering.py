"""The answer to one sample is the very answer that the task gives, which is scored."""

from __future__ import annotations

import json
from dataclasses import fields

import msgspec
import numpy as np
import pytest

from edgeopt import decoding
from edgeopt.decoding import answering, ctc, plain, polygons
from edgeopt.decoding.detections import Detections
from edgeopt.decoding.placement import placement
from edgeopt.domain.task import TaskFacts
from edgeopt.tasks.boxed import joined
from edgeopt.tasks.ctc import Ctc
from edgeopt.tasks.detection import Detection
from edgeopt.tasks.embedding import Embedding, Identities
from edgeopt.tasks.image_to_image import ImageToImage
from edgeopt.tasks.known import TASKS
from edgeopt.tasks.pose import Pose
from edgeopt.tasks.ranking import Candidates, Ranking
from edgeopt.tasks.regression import Regression
from edgeopt.tasks.segmentation import Segmentation
from tests.decoding import made

PREPARED = {"way": "letterbox", "size": [1, 1]}
IMAGE = (90, 150)
SIZE = (64, 96)
RNG = np.random.default_rng(4)


def recorded(name, **more):
    """A task as a manifest keeps it."""
    facts = TaskFacts(name=name, **more)
    return json.loads(msgspec.json.encode(facts))


def batched(outputs):
    """Of one sample, as a task takes them."""
    return {name: np.asarray(array)[None] for name, array in outputs.items()}


def same(found, expected):
    """Whether two Detections are one, or what differs."""
    for one in fields(Detections):
        a, b = getattr(found, one.name), getattr(expected, one.name)
        if (a is None) != (b is None) or (a is not None and not np.array_equal(a, b)):
            return one.name
    return True


@pytest.mark.parametrize("head", sorted(decoding.HEADS))
def test_detections_are_the_tasks(head):
    size, outputs = made.size_of(head), made.outputs(head)
    place = placement("letterbox", IMAGE, size)
    task = recorded("detection", head=head, size=size, names=("a", "b", "c"))
    found = answering.answered(task, outputs, place, decoding.load(head))
    expected = Detection(head, size, ("a", "b", "c")).answers(batched(outputs), [place])
    said = joined([found])
    assert len(said.scores) > 0
    for one in ("image", "boxes", "classes", "scores"):
        np.testing.assert_array_equal(getattr(said, one), getattr(expected, one))


@pytest.mark.parametrize("head", sorted(decoding.HEADS))
@pytest.mark.parametrize("least", [0.25, 0.6])
def test_looking_for_sure_ones_alone_finds_the_same_of_them(head, least):
    size, outputs = made.size_of(head), made.outputs(head, seed=2)
    task = recorded("detection", head=head, size=size)
    module = decoding.load(head)
    every = answering.sure(answering.answered(task, outputs, None, module), least)
    assert same(answering.answered(task, outputs, None, module, least), every) is True


def test_a_map_is_the_tasks():
    place = placement("letterbox", IMAGE, SIZE)
    outputs = {"scores": RNG.normal(size=(1, 5, 16, 24)).astype(np.float32)}
    task = recorded("segmentation", size=SIZE, names=tuple("abcde"), extra={"threshold": 0.5})
    found = answering.answered(task, outputs, place)
    [expected] = Segmentation(SIZE, tuple("abcde")).answers(batched(outputs), [place])
    np.testing.assert_array_equal(found, expected)
    assert plain.plain(task, found)["size"] == list(IMAGE)
    assert sum(plain.plain(task, found)["shares"].values()) == pytest.approx(1)
    np.testing.assert_array_equal(plain.picture(task, found), expected)


def test_a_map_of_text_has_polygons_in_the_images_pixels():
    place = placement("letterbox", (128, 192), SIZE)
    plane = np.full((1, 1, 64, 96), 0.01, np.float32)
    plane[..., 20:30, 30:70] = 0.95
    task = recorded("segmentation", size=SIZE, names=("none", "text"), extra={"threshold": 0.3})
    found = answering.answered(task, {"maps": plane}, place)
    [expected] = Segmentation(SIZE, ("none", "text"), 1, 0.3).answers(
        batched({"maps": plane}), [place]
    )
    np.testing.assert_array_equal(found.numbers, expected)
    by = 39 * 9 * polygons.UNCLIP / (2 * (39 + 9))
    left, top = (30 - by) * 2, (20 - by) * 2
    np.testing.assert_allclose(found.corners[0][0], [left, top], atol=0.01)
    assert plain.plain(task, found)["regions"][0]["score"] == pytest.approx(0.95, abs=1e-6)
    assert len(plain.shown(task, found)) == 1


@pytest.mark.parametrize("form", ["points", "movenet"])
def test_a_figure_is_the_tasks(form):
    place = placement("letterbox", IMAGE, SIZE)
    shape = {"points": (1, 17, 3), "movenet": (1, 1, 17, 3)}[form]
    outputs = {"out": RNG.uniform(0.1, 0.9, shape).astype(np.float32)}
    names = tuple(map(str, range(17)))
    task = recorded("pose", size=SIZE, names=names, extra={"form": form})
    found = answering.answered(task, outputs, place)
    [expected] = Pose(form, SIZE, names).answers(batched(outputs), [place])
    np.testing.assert_array_equal(found.keypoints, expected.points)
    np.testing.assert_array_equal(found.boxes, expected.boxes)
    np.testing.assert_array_equal(found.scores, expected.scores)


@pytest.mark.parametrize("head", ["yolo-pose", "blazeface", "yunet"])
def test_figures_of_a_head_are_the_tasks(head):
    size, outputs = made.size_of(head), made.outputs(head)
    place = placement("stretch", IMAGE, size)
    task = recorded("pose", head=head, size=size, extra={"form": head})
    found = answering.answered(task, outputs, place, decoding.load(head))
    [expected] = Pose(head, size, ()).answers(batched(outputs), [place])
    np.testing.assert_array_equal(found.keypoints, expected.points)
    np.testing.assert_array_equal(found.boxes, expected.boxes)


@pytest.mark.parametrize("beam", [0, 4])
def test_a_text_is_the_tasks(beam):
    letters = ("", "a", "b", " ")
    outputs = {"out": RNG.normal(0, 3, (12, 1, 4)).astype(np.float32)}
    task = recorded("ctc", output="out", extra={"alphabet": letters, "blank": 0, "beam": beam})
    found = answering.answered(task, outputs)
    assert [found] == Ctc("out", ctc.Alphabet(letters, 0), beam).answers(batched(outputs))
    assert plain.plain(task, found) == {"text": found}


@pytest.mark.parametrize("values", [RNG.normal(size=(1, 8)), np.zeros((1, 8)), [[np.nan, 1.0]]])
def test_an_embedding_is_the_tasks(values):
    outputs = {"out": np.asarray(values, np.float32)}
    found = answering.answered(recorded("embedding", output="out"), outputs)
    expected = Embedding("out", Identities).answers(batched(outputs))
    np.testing.assert_allclose(found, expected[0], rtol=1e-12)


def test_a_score_is_the_tasks():
    outputs = {"out": np.array([[0.3]], np.float32)}
    candidates = Candidates(1, np.zeros(1, int), np.zeros(1, int))
    found = answering.answered(recorded("ranking", output="out"), outputs)
    assert [found] == Ranking("out", candidates).answers(batched(outputs)).tolist()


def test_values_are_the_tasks():
    outputs = {"out": RNG.normal(size=(1, 3)).astype(np.float32), "other": np.zeros(2)}
    found = answering.answered(recorded("regression", output="out"), outputs)
    expected = Regression(("out",)).answers(batched(outputs))
    assert [*found] == ["out"]
    np.testing.assert_array_equal(found["out"], expected["out"][0])
    assert [*answering.answered(recorded("regression"), outputs)] == ["out", "other"]


@pytest.mark.parametrize("first", [True, False])
def test_an_image_is_the_tasks(first):
    shape = (1, 3, 8, 9) if first else (1, 8, 9, 1)
    outputs = {"out": RNG.normal(0.5, 0.5, shape).astype(np.float32)}
    extra = {"high": 1.0, "channels_first": first}
    task = recorded("image-to-image", output="out", extra=extra)
    found = answering.answered(task, outputs)
    [expected] = ImageToImage("out", **extra).answers(batched(outputs))
    np.testing.assert_array_equal(found, expected)
    assert plain.picture(task, found).dtype == np.uint8


def test_an_image_of_signed_values():
    outputs = {"out": np.array([-1.5, -1.0, 0.0, 1.0]).reshape(1, 2, 2, 1)}
    extra = {"low": -1.0, "high": 1.0, "channels_first": False}
    task = recorded("image-to-image", output="out", extra=extra)
    found = answering.answered(task, outputs)
    [expected] = ImageToImage("out", **extra).answers(batched(outputs))
    np.testing.assert_array_equal(found, expected)
    assert plain.picture(task, found).tolist() == [[0, 0], [128, 255]]


def test_a_class_is_the_likeliest():
    logits = np.array([[1.0, 3, 2, -1, 0, 0]])
    task = recorded("classification", names=tuple("abcdef"), output="out")
    said = plain.plain(task, answering.answered(task, {"out": logits}))
    assert [one["name"] for one in said["classes"]] == ["b", "c", "a", "e", "f"]
    found = answering.answered(task, {"out": np.array([[0.25, 0.75]])})
    np.testing.assert_array_equal(found, [0.25, 0.75])


def test_every_task_has_answers():
    assert {*TASKS} <= {*answering.KNOWN}


def test_what_is_no_answer_is_said():
    with pytest.raises(answering.NoAnswer, match="nothing is known here but its outputs"):
        answering.answered(recorded("own:Task"), {})
    with pytest.raises(answering.NoAnswer, match="no output 'gone'; the model has out"):
        answering.answered(recorded("embedding", output="gone"), {"out": np.zeros(3)})
    task = recorded("ctc", output="o", extra={"alphabet": ["", "a"], "blank": 0, "beam": 0})
    with pytest.raises(answering.NoAnswer, match="an output of 5 classes, and an alphabet of 2"):
        answering.answered(task, {"o": np.zeros((1, 4, 5))})


def test_runs_are_cocos():
    mask = np.array([[1, 0, 0], [1, 1, 0]], bool)
    assert plain.runs(mask) == {"size": [2, 3], "counts": [0, 2, 1, 1, 2]}
    assert plain.runs(~mask) == {"size": [2, 3], "counts": [2, 1, 1, 2]}


@pytest.mark.parametrize("head", ["yolo", "yolo-seg", "yolo-obb", "yolo-pose"])
def test_what_is_told_of_boxes_is_json(head):
    task = recorded("detection", head=head, size=made.size_of(head), names=("cat",))
    module = decoding.load(head)
    found = answering.answered(task, made.outputs(head), None, module, 0.5)
    [*rows] = json.loads(json.dumps(plain.plain(task, found)))["detections"]
    assert len(rows) == len(found.scores) > 0
    np.testing.assert_allclose([row["box"] for row in rows], found.boxes, atol=6e-4)
    assert all(len(row) >= 3 for row in rows)
