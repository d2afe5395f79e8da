import pytest

from edgeopt import decoding
from edgeopt.datasets import asked_task
from edgeopt.decoding import points
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked


def message_of(**said):
    with pytest.raises(BadInput) as caught:
        asked_task.require(TaskAsked(**said))
    return str(caught.value)


def test_every_task_and_head_is_a_word():
    for task in asked_task.WORDS:
        asked_task.require(TaskAsked(task=task))
    for head in decoding.HEADS:
        asked_task.require(TaskAsked(head=head, task="detection"))
    for form in points.FORMS:
        asked_task.require(TaskAsked(head=form, task="pose"))
    asked_task.require(TaskAsked(head="db", masks="m"))
    asked_task.require(TaskAsked())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"task": "detecton"}, "unknown task 'detecton'; did you mean 'detection'?"),
        ({"task": "x" * 999}, "unknown task"),
        ({"head": "yolov8"}, "unknown head 'yolov8'; did you mean 'yolo"),
        ({"task": "gone:Task"}, "no module 'gone'"),
        ({"task": "./x.py:Task"}, "Write x:Task"),
        ({"head": "yolo", "task": "segmentation"}, "--head names how a detector's outputs become"),
        ({"head": "yolo", "task": "classification"}, "and the task is classification"),
        ({"head": "simcc", "task": "detection"}, "the head simcc gives key points and no boxes"),
        ({"head": "db", "task": "detection"}, "the head db is of maps of text, and the task is"),
        ({"masks": "m", "task": "detection"}, "--masks names a folder of masks, and the task is"),
        ({"alphabet": "a", "task": "pose"}, "It goes with --task ctc"),
        ({"candidates": "c", "task": "embedding"}, "It goes with --task ranking"),
        ({"pairs": "c", "task": "ranking"}, "It goes with --task embedding"),
        ({"pairs": "p", "candidates": "c"}, "no model is judged by both"),
        ({"head": "yolo", "masks": "m"}, "no model is judged by both"),
        ({"states": ("h",)}, "'h' is no state.\n  Write --state OUTPUT=INPUT"),
        ({"states": ("h=",)}, "'h=' is no state"),
        ({"states": ("a=b=c",)}, "'a=b=c' is no state"),
        ({"states": ("a=b", "a=c")}, "names the output 'a' twice"),
        ({"states": ("a=c", "b=c")}, "names the input 'c' twice"),
        ({"alphabet": "gone.txt"}, "gone.txt: no such file"),
    ],
)
def test_words_that_there_are_not_and_options_that_do_not_fit(said, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told in message_of(**said)


def test_a_task_of_ones_own_goes_with_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked_own_of_test.py").write_text("class Own: ...\nnumber = 3\n")
    asked_task.require(TaskAsked(task="asked_own_of_test:Own", masks="m"))
    assert "--head names how a detector's" in message_of(task="asked_own_of_test:Own", head="yolo")
    assert "is no function but of type int" in message_of(task="asked_own_of_test:number")
