"""docs/tasks.md: what it names is there, and its example of a task of one's own runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from edgeopt import decoding
from edgeopt.datasets.annotated_images import YOLO_PARTS
from edgeopt.datasets.annotations.annotated import Annotated
from edgeopt.datasets.asked_task import WORDS
from edgeopt.datasets.marked_images import MarkedImages
from edgeopt.datasets.preparation_asked import EXAMPLE, FORM
from edgeopt.datasets.samples import Samples
from edgeopt.datasets.settling.settle import metric_of, settle
from edgeopt.datasets.settling.settled import Given
from edgeopt.decoding import points
from edgeopt.decoding.placement import WAYS
from edgeopt.decoding.preparation import FILTERS, ORDERS
from edgeopt.domain.task import TaskAsked
from edgeopt.tasks import known
from tests.datasets.annotations.pictures import coco, coco_tree
from tests.pages import blocks, named, page, section

TEXT = page("tasks.md")


def test_every_task_is_named_with_what_it_is_judged_by() -> None:
    for task, measures in known.measures().items():
        (row,) = re.findall(rf"^\| `{task}` \|.*$", TEXT, re.MULTILINE)
        cell = row.split("|")[2]
        assert re.findall("`([^`]+)`", cell) == list(measures)
    assert {f"--task {word}" for word in WORDS if word not in known.TASKS} <= named(TEXT)


def test_every_head_is_named_with_the_shapes_that_it_wants() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", section(TEXT, "Detection and pose"), re.M)
    heads = [(name, decoding.load(name).WANTS) for name in decoding.HEADS]
    assert rows[1:] == heads + [(form, points.WANTS[form]) for form in points.FORMS]


def test_every_field_of_a_preparation_is_explained() -> None:
    text = section(TEXT, "How an image becomes the input")
    assert f"--preprocess {EXAMPLE}\n" in text
    assert set(FORM.known) | {*WAYS, *FILTERS, *ORDERS} <= named(text)


def test_the_parts_of_a_data_yaml() -> None:
    assert YOLO_PARTS == {
        "data": "val",
        "confirm": "test",
        "calibration": "train",
        "train": "train",
    }
    said = (
        "`--data` takes `val`, `--confirm` takes `test`, `--calibration` and `--train` take `train`"
    )
    assert said in TEXT


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page's example, where a user would have it."""
    (code,) = blocks(section(TEXT, "A task of your own"), "python")
    (tmp_path / "counting.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    return "counting:Counting"


def of_images(folder: Path, marked: bool) -> Samples:
    from edgeopt.datasets.load import load
    from edgeopt.datasets.preparation_asked import PreparationAsked
    from edgeopt.datasets.task_data import TaskData
    from edgeopt.sources.source import OpenSpec

    spec = OpenSpec(name="x", dtype="float32", shape=(1, 3, 8, 8))
    path = coco(folder / "val", coco_tree([(0, 7, (4, 4, 20, 20)), (0, 3, (0, 0, 64, 48))]))
    said = PreparationAsked(way="stretch", mean=(0,) * 3, scale=(1,) * 3)
    data = path if marked else path.parent
    return load(data, ["x"], said, of=TaskData(TaskAsked(task="counting:Counting"), (spec,)))


@pytest.mark.parametrize("metric", ["", "count-error"])
def test_the_task_of_ones_own_counts_what_is_marked(counting, tmp_path, metric) -> None:
    samples = of_images(tmp_path, marked=True)
    density = np.array([[[[0.5, 1.0], [0.4, 0.0]]], [[[3.0, 0.0], [0.0, 0.0]]]])
    found, value = judge(counting, samples, {"density": density}, metric)
    assert found.facts.preparation["way"] == "stretch"
    assert value == pytest.approx(0.5 if metric == "" else (0.1 + 3.0) / 2)


def test_photos_alone_and_labels_of_arrays_are_its_truths_too(counting, tmp_path) -> None:
    density = np.array([[[[2.0]]], [[[3.0]]]])
    alone = of_images(tmp_path, marked=False)
    assert isinstance(alone.marks, MarkedImages)
    assert isinstance(alone.marks.annotated, Annotated)
    assert judge(counting, alone, {"density": density}, "count-error")[1] == 0
    rows = Samples({"x": np.zeros((2, 3))}, labels=np.array([2, 5]))
    assert judge(counting, rows, {"density": density}, "count-error")[1] == 1


def judge(word, samples, outputs, metric):
    given = Given(TaskAsked(task=word), metric, samples, outputs, (), "density")
    found = settle(given)
    assert found is not None
    task = found.task(samples)
    answers = task.answers(outputs, found.contexts(samples))
    truths = found.truths(samples)
    judged = task.judged(answers, task.truths_of(answers) if truths is None else truths)
    measure = metric_of(found, metric, samples).measure
    return found, judged.contributions(measure.name).value()
