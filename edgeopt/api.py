"""The Python interface: the same calls as the command line, with Python's own values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeopt.benchmarking import explaining as _explain
from edgeopt.compress.asked import as_compression
from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain.comparison import Comparison
from edgeopt.domain.compression import Compression, Method
from edgeopt.domain.explanation import Explanation
from edgeopt.domain.fold import Fold
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Constraints, Run
from edgeopt.domain.task import TaskAsked
from edgeopt.harness.budget import final
from edgeopt.jobs import disk, scratch
from edgeopt.pipeline import comparing as _compare
from edgeopt.pipeline import optimize as _optimize
from edgeopt.pipeline.call import Call, limits
from edgeopt.sources import given


def optimize(
    model: Any,
    target: str | Sequence[str],
    data: str | Path | Mapping[str, Any],
    metric: str | None = None,
    max_drop: float = 0.01,
    out: str | Path | None = None,
    *,
    max_size_bytes: int | None = None,
    max_latency_ms: float | None = None,
    max_slice_drop: float | None = None,
    slice_by: str | Sequence[str] = (),
    corruptions: bool = False,
    pictures: bool = True,
    example_inputs: Any = None,
    calibration: str | Path | Mapping[str, Any] | None = None,
    confirm: str | Path | Mapping[str, Any] | None = None,
    preprocessing: Preprocessing | PreparationAsked | None = None,
    output: str | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    trust: bool = False,
    budget: str = "standard",
    seed: int = 0,
    step_timeout_s: float | None = None,
    device: str | Sequence[str] = (),
    fold: Fold | None = None,
    compression: Compression | Sequence[Method] | None = None,
    train: str | Path | Mapping[str, Any] | None = None,
    tensorboard: bool = False,
    task: str | TaskAsked = "",
    progress: Listener = silent,
) -> Run:
    """Find the version of a model to ship on each target.

    Args:
        model: a path (docs/formats.md has the suffixes), a Keras model, a scikit-learn
            estimator or pipeline, or a `torch.nn.Module` together with `example_inputs`
            (a tensor or a tuple of them).
        target: one or more profile names or paths of profiles.
        data: an .npz file, a folder of images by class, "module:function", annotated images
            (docs/tasks.md), or a dict of arrays: one for each input, [n, ...], and "labels" [n]
            unless it is agreement with the source that counts.
        out: the run's folder, new or empty, or the same call's own; None: runs/MODEL.
        metric: a metric's name or "module:function"; None: accuracy with class labels,
            agreement with the source without labels.
        max_drop: how much of the metric may be lost; 0.01 is one point of accuracy.
        max_slice_drop: the same for the worst slice of the data; None: no limit.
        slice_by: names of arrays in the data, one value a sample, to slice scores by, besides
            the class.
        corruptions: score the chosen on corrupted inputs, too.
        pictures: show in the report which images' answers changed most, where a task has images.
        output: which output is scored; None: the first.
        shapes: fixed shapes for inputs whose dimensions are open.
        budget: of the measurement that decides: "quick", "standard" or "submission".
        step_timeout_s: how long one step may take, reading the model, too; None: 300 s, and
            900 s for the model.
        device: names and links of devices to measure on; empty: this machine, and the user's
            devices whose target is asked for.
        fold: what the artifact does itself: `edgeopt.domain.fold.Fold`; docs/folding.md.
        compression: what else may be done to a PyTorch model: of "prune", "low-rank", "sparse",
            "input-size" and "qat", or a `Compression` with settings (docs/pruning.md).
        train: samples that train, beside those that calibrate; as `data`.
        task: a word of docs/tasks.md or "module:Class"; `edgeopt.domain.task.TaskAsked` says more:
            the head, the folders of images and masks, the alphabet, candidates, pairs, states.
        tensorboard: trainings write their curves for TensorBoard, too: `tensorboard/` in the
            run's folder.

    Returns:
        The run; `run.chosen` is the record chosen for the first target, None if nothing
        qualified.

    Raises:
        BadInput: the request, the model or the data is not usable; nothing was written.
        NotInstalled: something that it needs is not installed.
        DeviceFailed: a device cannot be reached, or was lost: the same call again goes on.
        CannotWrite: a disk is full: the same call again goes on.
    """
    names = (target,) if isinstance(target, str) else tuple(target)
    with disk.ending(), scratch.folder("edgeopt-model-") as folder:
        path = given.as_path(model, example_inputs, Path(folder))
        call = Call(
            model=path,
            targets=names,
            data=data,
            out=Path(out) if out else default_out(path),
            title=path.stem if path.parent == Path(folder) else "",
            metric=metric,
            constraints=Constraints(
                max_drop=max_drop,
                max_size_bytes=max_size_bytes,
                max_latency_ms=max_latency_ms,
                max_slice_drop=max_slice_drop,
            ),
            calibration=calibration,
            confirm=confirm,
            preprocessing=preprocessing,
            output=output,
            shapes={name: tuple(shape) for name, shape in (shapes or {}).items()},
            trust=trust or path.parent == Path(folder),  # which is written by us
            budget=final(budget).name,
            seed=seed,
            **limits(step_timeout_s),
            devices=(device,) if isinstance(device, str) else tuple(device),
            slice_by=(slice_by,) if isinstance(slice_by, str) else tuple(slice_by),
            corruptions=corruptions,
            pictures=pictures,
            fold=fold,
            compression=as_compression(compression),
            train=train,
            tensorboard=tensorboard,
            task=TaskAsked(task=task) if isinstance(task, str) else task,
        )
        return _optimize.optimize(call, progress)


def compare(run: Run | str | Path) -> Comparison:
    """A run, or the run in a folder, as one table over its targets.

    Raises:
        BadInput: the folder holds no run.
    """
    if isinstance(run, Run):
        return _compare.compare(run)
    return _compare.compare_folder(Path(run))


def default_out(model: Path) -> Path:
    """Where a run goes that names no folder."""
    return Path("runs") / (model.stem or model.resolve().stem)  # "." is a folder, too


def explain(
    run_folder: str | Path,
    a: str | None = None,
    b: str | None = None,
    *,
    target: str | None = None,
    runtime: str | None = None,
    data: str | Path | Mapping[str, Any] | None = None,
    seed: int = 0,
    trust: bool = False,
    progress: Listener = silent,
) -> Explanation:
    """Why candidate `a` of a run is faster or slower than candidate `b`.

    Args:
        a, b: recipe ids (their beginning will do) or words of a title ("litert int8-static");
            None: the chosen one against the fp32 of its runtime.
        target: None: the run's first.
        runtime: explain its int8-static instead of the chosen one.
        data: an .npz, "module:function" or arrays by the source's input names; None: the run's
            own where it is an .npz that is still there, else random.
        trust: code inside the artifacts may run.

    Raises:
        BadInput: no such run or candidate, no artifact, no profiler, or data that does not fit.
    """
    asked = _explain.Question(a, b, target, runtime, data, seed, trust=trust)
    return _explain.explain(Path(run_folder), asked, progress)
