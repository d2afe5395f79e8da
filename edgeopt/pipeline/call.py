"""Everything a user can ask of `optimize`, as given: the command line and Python meet here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain import bounds
from edgeopt.domain.aim import AIMS, Aim
from edgeopt.domain.compression import Compression
from edgeopt.domain.errors import BadInput
from edgeopt.domain.fold import Fold
from edgeopt.domain.open_axis import OpenAsked
from edgeopt.domain.run import Constraints
from edgeopt.domain.task import TaskAsked
from edgeopt.search import bounded
from edgeopt.targets.suggest import did_you_mean


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
        data: as below, or "random": inputs of the right kind, and no scores.
        data, calibration, confirm: .npz, folder of images, `module:function`, arrays, or annotated
            images (docs/tasks.md).
        metric: a name or `module:function`; None: accuracy with class labels, agreement
            without labels.
        output: which of the source's outputs is scored; None: the first.
        shapes: fixed shapes of inputs whose dimensions are open.
        open_axis: an axis that stays open, with its sizes; None: all shapes are fixed.
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
        fresh: take nothing that earlier runs found (the results cache); what the run's own folder
            has is taken up all the same.
        task: what is said of the task and of its data.
        glance: a first look (`edgeopt try`): a few forms in about a minute, and no bundle.
        later: runtimes that a first look leaves out where what makes their files is not set up.
        aim: the figure that decides between candidates that keep all limits.
        batches: numbers of samples at once that are tried, for a throughput.
        time_s: seconds that the whole call may take; None: as many as it needs.
        said: the call by the long names of the command line's options, for its file.
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
    open_axis: OpenAsked | None = None
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
    fresh: bool = False
    task: TaskAsked = field(default_factory=TaskAsked)
    glance: bool = False
    later: tuple[str, ...] = ()
    aim: Aim = "latency"
    batches: tuple[int, ...] = ()
    time_s: float | None = None
    said: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse numbers and names that no call can mean.

        Raises:
            BadInput: one is outside its bounds; a name is no runtime, precision or aim.
        """
        bounds.require("seed", self.seed)
        bounds.require("step_timeout_s", self.step_timeout_s)
        bounds.require("step_timeout_s", self.source_timeout_s)
        for name in msgspec.structs.asdict(self.constraints).keys() & bounds.BOUNDS.keys():
            bounds.require(name, getattr(self.constraints, name))
        if self.time_s is not None:
            self._require_timely()
        for count in self.batches:
            bounds.require("batch", count)
        if self.aim not in AIMS:
            raise BadInput(
                f"a run cannot aim at {self.aim!r}{did_you_mean(self.aim, AIMS) or '.'}",
                f"Known: {', '.join(AIMS)}.",
            )
        if self.constraints.space is not None:
            bounded.require_known(self.constraints.space)
            for count in self.constraints.space.threads:
                bounds.require("threads", count)

    def _require_timely(self) -> None:
        """Refuse what no clock ends.

        Raises:
            BadInput: it is no time, or something that trains was asked for, too.
        """
        bounds.require("time_s", self.time_s)
        if self.compression is not None:
            raise BadInput(
                "--time does not go with --prune and the like: they train for as long as it takes.",
                "Leave one of both out. `edgeopt tune --time 2h` searches models within a time.",
            )
