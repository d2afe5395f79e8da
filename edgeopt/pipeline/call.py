"""Everything a user can ask of `optimize`, as given: the command line and Python meet here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.domain.compression import Compression
from edgeopt.domain.fold import Fold
from edgeopt.domain.run import Constraints


@dataclass(frozen=True)
class Call:
    """One call of `optimize`.

    Attributes:
        model: path of a model file. title: what to call it; "": its path.
        targets: profile names or paths.
        data, calibration, confirm: .npz, folder of images, `module:function`, or arrays.
        metric: a name or `module:function`; None: accuracy with class labels, agreement
            without labels.
        output: which of the source's outputs is scored; None: the first.
        shapes: fixed shapes of inputs whose dimensions are open.
        trust: code inside the model's file may run.
        budget: name of the final schedule (harness/budget.py).
        step_timeout_s: for each conversion, and each runner request.
        out: the run's folder.
        devices: names and links; empty: this machine, and the user's devices.
        slice_by: columns of the data by which scores are sliced, besides the class.
        corruptions: score the chosen on corrupted inputs, too.
        fold: what is folded into the model; the data stays as the original takes it.
        compression: pruning and the like; None: none of it.
        train: samples for training besides those that calibrate; as `data`.
        tensorboard: write the curves of trainings for TensorBoard, too, into the run's folder.
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
    preprocessing: Preprocessing | None = None
    output: str | None = None
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    trust: bool = False
    budget: str = "standard"
    seed: int = 0
    step_timeout_s: float = 300.0
    devices: tuple[str, ...] = ()
    slice_by: tuple[str, ...] = ()
    corruptions: bool = False
    fold: Fold | None = None
    compression: Compression | None = None
    train: str | Path | Mapping[str, Any] | None = None
    tensorboard: bool = False
