"""What a bundle's run.py needs to know of a task that it answers by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edgeopt.decoding import HEADS, answering, shipped
from edgeopt.domain.fold import FoldedInput
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.task import TaskFacts

_ANSWERS = "answers.py"


def is_served(task: TaskFacts | None) -> bool:
    """Whether run.py gives answers and not only outputs: not of a user's own task."""
    return task is not None and task.name in answering.KNOWN


def files(task: TaskFacts) -> dict[str, str]:
    """{path in the bundle: text} of what decodes, draws and tells."""
    template = Path(__file__).with_name("templates") / f"{_ANSWERS}.j2"
    return {_ANSWERS: template.read_text("utf-8"), **shipped.of_task(task.head)}


def words(task: TaskFacts | None) -> dict[str, Any]:
    """What the template of run.py asks for."""
    if task is None or not is_served(task):
        return {"served": False}
    head = HEADS[task.head] if task.head else ""
    return {"served": True, "task": task.name, "head": head, "usage": _usage(task)}


def _usage(task: TaskFacts) -> list[str]:
    if task.preparation:
        camera = ["--camera 0 --draw frames/"]
        saved = ["photos/ --save maps/"] if task.name in ("segmentation", "image-to-image") else []
        return ["photo.jpg --draw out.jpg", "photos/ --draw drawn/", *saved, *camera]
    return ["sound.wav", "inputs.npz"] if task.states or task.name == "ctc" else ["inputs.npz"]


def shipped_task(task: TaskFacts | None, source: SourceFacts) -> TaskFacts | None:
    """The task as the shipped file takes images: what is folded into it is not done before it."""
    folded = source.fold.input if source.fold else None
    if task is None or folded is None or not task.preparation:
        return task
    return msgspec.structs.replace(task, preparation=_unfolded(task.preparation, folded))


def _unfolded(preparation: dict[str, Any], folded: FoldedInput) -> dict[str, Any]:
    layout = preparation.get("layout", "nchw") if folded.layout == "same" else folded.layout
    zero, one = [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]
    return {**preparation, "mean": zero, "scale": one, "dtype": "uint8", "layout": layout}
