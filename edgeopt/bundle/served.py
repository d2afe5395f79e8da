"""What a bundle's run.py needs to know of a task that it answers by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edgeopt.decoding import HEADS, shipped
from edgeopt.domain.fold import FoldedInput
from edgeopt.domain.run import SourceFacts
from edgeopt.domain.task import TaskFacts
from edgeopt.report.bundle_usage import arguments, is_served

_ANSWERS = "answers.py"


def files(task: TaskFacts) -> dict[str, str]:
    """{path in the bundle: text} of what decodes, draws and tells."""
    template = Path(__file__).with_name("templates") / f"{_ANSWERS}.j2"
    return {_ANSWERS: template.read_text("utf-8"), **shipped.of_task(task.head)}


def words(task: TaskFacts | None) -> dict[str, Any]:
    """What the template of run.py asks for."""
    if task is None or not is_served(task):
        return {"served": False}
    head = HEADS[task.head] if task.head else ""
    return {"served": True, "task": task.name, "head": head, "usage": arguments(task)}


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
