"""What a call says of its task: words that there are, and options that fit each other."""

from __future__ import annotations

from pathlib import Path

from edgeopt.datasets import function
from edgeopt.datasets.advice import did_you_mean
from edgeopt.datasets.annotations import text_lines
from edgeopt.decoding import HEADS
from edgeopt.decoding.class_map import MAPS
from edgeopt.decoding.points import FORMS
from edgeopt.domain.errors import BadInput
from edgeopt.domain.task import TaskAsked
from edgeopt.tasks.known import TASKS

#: Classification is judged by one output and its labels: it is no class of `tasks`.
WORDS = ("classification", *TASKS)

#: Option -> the tasks that it says something of, and what it is; of one task it says the task.
_OF = {
    "head": (("detection", "pose"), "how a detector's outputs become boxes"),
    "masks": (("segmentation",), "a folder of masks"),
    "alphabet": (("ctc",), "the letters of a reader of text or a recognizer of speech"),
    "candidates": (("ranking",), "lists of candidates"),
    "pairs": (("embedding",), "pairs of samples"),
}


def require(said: TaskAsked) -> None:
    """Refuse words that there are not, and options that do not fit each other, before any work.

    Raises:
        BadInput: one sentence says which, and what there is.
    """
    if function.is_reference(said.task):
        function.resolve(said.task)
    elif said.task and said.task not in WORDS:
        raise BadInput(
            f"unknown task '{said.task[:60]}'{did_you_mean(said.task, WORDS)}",
            function.meant(said.task)
            or f"There are {', '.join(WORDS)}, and your own as module:Class.",
        )
    heads = (*HEADS, *FORMS, *MAPS)
    if said.head and said.head not in heads:
        raise BadInput(
            f"unknown head '{said.head[:60]}'{did_you_mean(said.head, heads)}",
            f"There are {', '.join(HEADS)}; of poses also {', '.join(FORMS)}; of maps of text db.",
        )
    if said.head in MAPS and said.task not in ("", "segmentation"):
        raise BadInput(
            f"the head {said.head} is of maps of text, and the task is {said.task}.",
            "Say --task segmentation, or leave one out.",
        )
    if said.head in FORMS and said.task == "detection":
        raise BadInput(
            f"the head {said.head} gives key points and no boxes, and the task is detection.",
            "Say --task pose, or the head of a detector.",
        )
    _require_of_task(said)
    _require_of_each_other(said)
    _require_states(said.states)
    if said.alphabet:
        text_lines.read_alphabet(Path(said.alphabet))


def _require_of_task(said: TaskAsked) -> None:
    """Each option goes with its tasks; a task of one's own may use all but a head."""
    for name, (tasks, what) in _OF.items():
        if name == "head" and said.head in MAPS:
            continue
        own_task = function.is_reference(said.task) and name != "head"
        if getattr(said, name) and said.task not in ("", *tasks) and not own_task:
            raise BadInput(
                f"--{name} names {what}, and the task is {said.task}.",
                f"It goes with {' and '.join(f'--task {task}' for task in tasks)}: leave one out.",
            )


def _require_of_each_other(said: TaskAsked) -> None:
    if function.is_reference(said.task):
        return
    of_map = said.head in MAPS  # which has masks
    given = [name for name in _OF if getattr(said, name) and not (of_map and name == "head")]
    if len(given) > 1:
        raise BadInput(
            f"--{given[0]} names {_OF[given[0]][1]}, and --{given[1]} {_OF[given[1]][1]}: no model "
            "is judged by both.",
            "Leave one of them out.",
        )


def _require_states(states: tuple[str, ...]) -> None:
    pairs = [text.split("=") for text in states]
    for text, pair in zip(states, pairs, strict=True):
        if len(pair) != 2 or not all(name.strip() for name in pair):
            raise BadInput(
                f"'{text[:80]}' is no state.", "Write --state OUTPUT=INPUT, such as --state hn=h."
            )
    for i, what in enumerate(("output", "input")):
        names = [pair[i].strip() for pair in pairs]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise BadInput(
                f"--state names the {what} '{twice[0]}' twice.",
                "Each output is the next value of one input.",
            )
