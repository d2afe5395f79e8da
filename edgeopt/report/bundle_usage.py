"""How a bundle's run.py is called, and what it needs, by the task that it answers."""

from __future__ import annotations

from edgeopt.decoding import answering
from edgeopt.domain.task import TaskFacts

_ARRAYS = "inputs.npz outputs.npz"


def is_served(task: TaskFacts | None) -> bool:
    """Whether run.py gives answers and not only outputs: not of a user's own task."""
    return task is not None and task.name in answering.KNOWN


def arguments(task: TaskFacts | None) -> list[str]:
    """What stands behind `run.py`, what most people want first."""
    if task is None or not is_served(task):
        return [_ARRAYS]
    if task.preparation:
        camera = ["--camera 0 --draw frames/"]
        saved = ["photos/ --save maps/"] if task.name in ("segmentation", "image-to-image") else []
        return ["photo.jpg --draw out.jpg", "photos/ --draw drawn/", *saved, *camera]
    return ["sound.wav", "inputs.npz"] if task.states or task.name == "ctc" else ["inputs.npz"]


def needs(task: TaskFacts | None) -> str:
    """ "numpy and the runtime alone"."""
    if is_served(task) and task is not None and task.preparation:
        return "numpy, Pillow and the runtime alone"
    return "numpy and the runtime alone"
