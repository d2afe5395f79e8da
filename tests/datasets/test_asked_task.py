import pytest

from edgeopt.datasets import asked_task
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked


def message_of(**said):
    with pytest.raises(BadInput) as caught:
        asked_task.require(TaskAsked(**said))
    return str(caught.value)


def test_every_task_and_head_is_a_word():
    for task in asked_task.WORDS:
        asked_task.require(TaskAsked(task=task))
    for head in asked_task.HEADS:
        asked_task.require(TaskAsked(head=head, task="detection"))
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


def test_the_task_that_an_option_belongs_to_alone():
    assert asked_task.implied(TaskAsked(alphabet="a")) == "ctc"
    assert asked_task.implied(TaskAsked(masks="m")) == "segmentation"
    assert asked_task.implied(TaskAsked(pairs="p")) == "embedding"
    assert asked_task.implied(TaskAsked(candidates="p")) == "ranking"
    assert asked_task.implied(TaskAsked(head="yolo")) == ""  # or of pose
    assert asked_task.implied(TaskAsked(head="yolo", task="pose")) == "pose"


def test_a_task_of_ones_own_is_made_without_arguments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_of_test.py").write_text(
        "class Half:\n    name = 'half'\n    def answers(self): ...\n"
        "class Whole(Half):\n    measures = ()\n    def truths_of(self): ...\n"
        "    def judged(self): ...\n"
        "class Wants:\n    def __init__(self, size): ...\n"
        "number = 3\n"
    )
    assert asked_task.own("own_of_test:Whole").name == "half"
    asked_task.require(TaskAsked(task="own_of_test:Whole", masks="m"))
    lacks = "makes Half, which is no task: it has no truths_of and no judged and no measures"
    for reference, told in (
        ("own_of_test:Half", lacks),
        ("own_of_test:Wants", "own_of_test:Wants failed: TypeError"),
        ("own_of_test:number", "is no function"),
    ):
        with pytest.raises(BadInput, match=told):
            asked_task.own(reference)
