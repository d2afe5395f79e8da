"""Everything a user can ask of `optimize`, as given: the command line and Python meet here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain import bounds
from edgeopt.domain.compression import Compression
from edgeopt.domain.fold import Fold
from edgeopt.domain.run import Constraints
from edgeopt.domain.task import TaskAsked


def limits(step_timeout_s: float | None) -> dict[str, Any]:
    """The time limits of a call, by their names; each has its own where nothing was said."""
    if step_timeout_s is None:
        return {}
    return {"step_timeout_s": step_timeout_s, "source_timeout_s": step_timeout_s}


@dataclass(frozen=True)
class Call:
    """One call of `optimize`.

    Attributes:
        model: path of a model file. title: what to call it; "": its path.
        targets: profile names or paths.
        data, calibration, confirm: .npz, folder of images, `module:function`, arrays, or annotated
            images (docs/tasks.md).
        metric: a name or `module:function`; None: accuracy with class labels, agreement
            without labels.
        output: which of the source's outputs is scored; None: the first.
        shapes: fixed shapes of inputs whose dimensions are open.
        trust: code inside the model's file may run.
        budget: name of the final schedule (harness/budget.py).
        step_timeout_s: for each conversion, and each runner request.
        source_timeout_s: for reading and exporting the source, and for its own answers.
        out: the run's folder.
        devices: names and links; empty: this machine, and the user's devices.
        slice_by: columns of the data by which scores are sliced, besides the class.
        corruptions: score the chosen on corrupted inputs, too.
        pictures: draw what changed most, where the samples are images of a task.
        fold: what is folded into the model; the data stays as the original takes it.
        compression: pruning and the like; None: none of it.
        train: samples for training besides those that calibrate; as `data`.
        tensorboard: write the curves of trainings for TensorBoard, too, into the run's folder.
        task: what is said of the task and of its data.
    """

    model: Path
    targets: tuple[str, ...]
    data: str | Path | Mapping[str, Any]
    out: Path
    title: str = ""
    metric: str | None = None
    constraints: Constraints = field(default_factory=Constraints)
    calibration: str | Path | Mapping[str, Any] | None = None
    confirm: str | Path | Mapping[str, Any] | None = None
    preprocessing: Preprocessing | PreparationAsked | None = None
    output: str | None = None
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    trust: bool = False
    budget: str = "standard"
    seed: int = 0
    step_timeout_s: float = 300.0
    source_timeout_s: float = 900.0
    devices: tuple[str, ...] = ()
    slice_by: tuple[str, ...] = ()
    corruptions: bool = False
    pictures: bool = True
    fold: Fold | None = None
    compression: Compression | None = None
    train: str | Path | Mapping[str, Any] | None = None
    tensorboard: bool = False
    task: TaskAsked = field(default_factory=TaskAsked)

    def __post_init__(self) -> None:
        """Refuse numbers that no call can mean.

        Raises:
            BadInput: one is outside its bounds.
        """
        bounds.require("seed", self.seed)
        bounds.require("step_timeout_s", self.step_timeout_s)
        bounds.require("step_timeout_s", self.source_timeout_s)
        for name in ("max_drop", "max_slice_drop", "max_size_bytes", "max_latency_ms"):
            bounds.require(name, getattr(self.constraints, name))
