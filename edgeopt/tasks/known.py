"""The tasks by the word for --task; each is made by its caller, of what it knows of the model."""

from __future__ import annotations

import functools
import importlib
from typing import Any

from edgeopt.tasks.task import Measure

#: Word -> the class, in a module of this room.
TASKS = {
    "detection": "detection:Detection",
    "segmentation": "segmentation:Segmentation",
    "pose": "pose:Pose",
    "ctc": "ctc:Ctc",
    "embedding": "embedding:Embedding",
    "ranking": "ranking:Ranking",
    "regression": "regression:Regression",
    "image-to-image": "image_to_image:ImageToImage",
}


def load(name: str) -> Any:
    """The class of a task. Raises KeyError."""
    module, _, found = TASKS[name].partition(":")
    return getattr(importlib.import_module(f"edgeopt.tasks.{module}"), found)


@functools.cache
def measures() -> dict[str, tuple[str, ...]]:
    """Word of a task -> the words for --metric that it is judged by."""
    return {
        name: tuple(dict.fromkeys(measure.name for measure in every))
        for name, every in _measures().items()
    }


@functools.cache
def errors() -> frozenset[str]:
    """The measures of which less is better."""
    return frozenset(one.name for every in _measures().values() for one in every
                     if not one.higher_is_better)  # fmt: skip


def _measures() -> dict[str, tuple[Measure, ...]]:
    modules = {name: importlib.import_module(load(name).__module__) for name in TASKS}
    return {
        name: getattr(module, "EVERY_MEASURE", None) or module.MEASURES
        for name, module in modules.items()
    }
