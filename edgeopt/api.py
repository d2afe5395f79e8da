"""The Python interface: the same calls as the command line, with Python's own values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeopt import api_call, parse
from edgeopt.api_result import Result
from edgeopt.benchmarking import between_models as _models
from edgeopt.benchmarking import explaining as _explain
from edgeopt.compress.asked import as_compression
from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain.aim import Aim
from edgeopt.domain.comparison import Comparison
from edgeopt.domain.compression import Compression, Method
from edgeopt.domain.explanation import Explanation
from edgeopt.domain.fold import Fold
from edgeopt.domain.models_compared import ModelsCompared
from edgeopt.domain.open_axis import OpenAsked
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Constraints, Run
from edgeopt.domain.task import TaskAsked
from edgeopt.harness.budget import final
from edgeopt.jobs import disk, scratch
from edgeopt.pipeline import comparing as _compare
from edgeopt.pipeline import optimize as _optimize
from edgeopt.pipeline import shipping as _shipping
from edgeopt.pipeline.call import Call, limits
from edgeopt.pipeline.shipping import Shipped
from edgeopt.sources import given
from edgeopt.store import run_folder as _run_folder


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
    max_p90_ms: float | None = None,
    max_memory_bytes: int | None = None,
    max_energy_mj: float | None = None,
    aim: Aim = "latency",
    batch: int | Sequence[int] = (),
    runtimes: str | Sequence[str] = (),
    precisions: str | Sequence[str] = (),
    without: str | Sequence[str] = (),
    threads: int | Sequence[int] = (),
    slice_by: str | Sequence[str] = (),
    corruptions: bool = False,
    pictures: bool = True,
    example_inputs: Any = None,
    calibration: str | Path | Mapping[str, Any] | None = None,
    confirm: str | Path | Mapping[str, Any] | None = None,
    preprocessing: Preprocessing | PreparationAsked | None = None,
    output: str | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    open_axis: OpenAsked | None = None,
    trust: bool = False,
    budget: str = "standard",
    seed: int = 0,
    step_timeout_s: float | None = None,
    device: str | Sequence[str] = (),
    fold: Fold | None = None,
    compression: Compression | Sequence[Method] | None = None,
    train: str | Path | Mapping[str, Any] | None = None,
    tensorboard: bool = False,
    fresh: bool = False,
    time: str | float | None = None,
    task: str | TaskAsked = "",
    progress: Listener = silent,
) -> Result:
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
        max_p90_ms, max_memory_bytes, max_energy_mj: limits on what is measured: the p90, what the
            model adds to the memory of its process, the energy of an inference.
        aim: what the choice is the best in: "latency", "p90", "size", "energy", "memory" or
            "throughput".
        batch: samples at once that are tried for a throughput, beside one.
        runtimes, precisions: only these are tried; empty: every one. ONNX Runtime's fp32 is
            measured in any case, to compare with.
        without: runtimes and precisions that are not tried.
        threads: numbers of threads in place of the profile's.
        slice_by: names of arrays in the data, one value a sample, to slice scores by, besides
            the class.
        corruptions: score the chosen on corrupted inputs, too.
        pictures: show in the report which images' answers changed most, where a task has images.
        output: which output is scored; None: the first.
        shapes: fixed shapes for inputs whose dimensions are open.
        open_axis: an axis that stays open, with the sizes that count (docs/tasks.md):
            `edgeopt.domain.open_axis.OpenAsked`.
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
        fresh: take nothing that earlier runs on this machine found (docs/cache.md).
        time: "20m", "2h" or seconds: the call ends after about that time, with the best found by
            then; None: all is tried.
        tensorboard: trainings write their curves for TensorBoard, too: `tensorboard/` in the
            run's folder.

    Returns:
        The run, with `to_pandas()` and a table for notebooks; `run.chosen` is the record chosen
        for the first target, None if nothing qualified.

    Raises:
        BadInput: the request, the model or the data is not usable; nothing was written.
        NotInstalled: something that it needs is not installed.
        DeviceFailed: a device cannot be reached, or was lost: the same call again goes on.
        CannotWrite: a disk is full: the same call again goes on.
    """
    said = api_call.said(locals(), _DEFAULTS | (optimize.__kwdefaults__ or {}))
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
                max_p90_ms=max_p90_ms,
                max_memory_bytes=max_memory_bytes,
                max_energy_mj=max_energy_mj,
                space=api_call.space(runtimes, precisions, without, threads),
            ),
            calibration=calibration,
            confirm=confirm,
            preprocessing=preprocessing,
            output=output,
            shapes={name: tuple(shape) for name, shape in (shapes or {}).items()},
            open_axis=open_axis,
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
            fresh=fresh,
            task=TaskAsked(task=task) if isinstance(task, str) else task,
            aim=aim,
            batches=(batch,) if isinstance(batch, int) else tuple(sorted(set(batch))),
            time_s=parse.duration(time, "--time") if isinstance(time, str) else time,
            said=said,
        )
        return Result.of(_optimize.optimize(call, progress))


#: Of the arguments that may be given by their place.
_DEFAULTS: dict[str, Any] = {"metric": None, "max_drop": 0.01, "out": None}


def compare(run: Run | str | Path) -> Comparison:
    """A run, or the run in a folder, as one table over its targets.

    Raises:
        BadInput: the folder holds no run.
    """
    if isinstance(run, Run):
        return _compare.compare(run)
    return _compare.compare_folder(Path(run))


def compare_models(
    runs: Sequence[Run | str | Path],
    budget: str = "standard",
    seed: int = 0,
    progress: Listener = silent,
) -> ModelsCompared:
    """What the runs of several models ship, timed in one interleaved schedule for each target.

    Args:
        runs: finished, or their folders; one model each.
        budget: of the schedule: "quick", "standard" or "submission".

    Raises:
        BadInput: a folder holds no finished run, or they share no target.
    """
    read = [run if isinstance(run, Run) else _run_folder.read(Path(run)) for run in runs]
    return _models.compare_models(read, final(budget), seed, progress)


def ship(
    run_folder: str | Path,
    row: int | str,
    target: str | None = None,
    out: str | Path | None = None,
) -> Shipped:
    """Write the bundle of another candidate of a finished run.

    Args:
        row: its number in the run's table, words of its title, or the beginning of its recipe id.
        target: None: the run's only one. out: None: `TARGET-RECIPE` in the run's folder.

    Returns:
        The bundle's folder, the record, and by what it misses the run's limits.

    Raises:
        BadInput: there is no such run or row, or its artifact is gone.
    """
    return _shipping.ship(Path(run_folder), str(row), target, Path(out) if out else None)


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
