"""The Python interface of searches: `evaluate` for any of them, `tune` for edgeopt's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeopt import parse
from edgeopt.datasets.image_folder import Preprocessing
from edgeopt.datasets.preparation_asked import PreparationAsked
from edgeopt.domain.errors import BadInput
from edgeopt.domain.evaluation import Evaluation
from edgeopt.domain.progress import Listener, silent
from edgeopt.domain.run import Constraints
from edgeopt.domain.study import Study
from edgeopt.domain.task import TaskAsked
from edgeopt.harness.budget import final
from edgeopt.jobs import scratch
from edgeopt.sources import given
from edgeopt.tuning import evaluate as _evaluate
from edgeopt.tuning import kinds
from edgeopt.tuning import tune as _tune
from edgeopt.tuning.asked import Asked
from edgeopt.tuning.call import ScoreBy, TuneCall

DEFAULT_OUT = Path("runs") / "tune"


def evaluate(
    model: Any,
    target: str | Sequence[str],
    data: str | Path | Mapping[str, Any],
    *,
    example_inputs: Any = None,
    form: str | None = None,
    metric: str | None = None,
    max_drop: str | float = 0.01,
    device: str | Sequence[str] = (),
    preprocessing: Preprocessing | PreparationAsked | None = None,
    output: str | None = None,
    shapes: Mapping[str, Sequence[int]] | None = None,
    task: str | TaskAsked = "",
    trust: bool = False,
    seed: int = 0,
    step_timeout_s: float | None = None,
    cache: bool = True,
    progress: Listener = silent,
) -> Any:
    """Convert, score and time one model: what a search needs to know of it.

    The latency is a ratio: blocks of runs of the model and of a small fixed network take turns in
    one schedule. It is told in milliseconds as that ratio times what the fixed network takes on
    the device, which is measured once and kept. So figures of different calls compare, though the
    machine was busier in one of them. What ships is chosen by `optimize`, with fresh launches.

    Args:
        model, target, data, metric, device, output, shapes, task, trust: as of `optimize`.
        example_inputs: of a PyTorch module.
        form: None: the fastest of the float forms that are made quickly and lose at most
            `max_drop`; "all": of all forms of the target, which takes minutes; or words that name
            one: "litert int8-static".
        cache: figures of earlier calls for the same content may be used (docs/tuning.md).

    Returns:
        An `Evaluation`; for several targets a tuple of them. `latency_ms`, `score`, `drop`,
        `size_bytes` and `energy_mj` are null with a reason in `why_null` where they were not had.

    Raises:
        BadInput: the model, the data or the request is not usable.
        NotInstalled: something that it needs is not installed.
        DeviceFailed: a device cannot be reached, or was lost.
    """
    asked = _asked(
        target,
        device,
        task,
        data=data,
        metric=metric,
        constraints=Constraints(max_drop=_number("max_drop", max_drop)),
        form=form,
        preprocessing=preprocessing,
        output=output,
        seed=seed,
        step_timeout_s=step_timeout_s,
        shapes=_shapes(shapes),
        trust=trust,
        cache=cache,
    )
    asked.require_known()
    _require_listener(progress)
    with scratch.folder("edgeopt-model-") as folder:
        path = given.as_path(model, example_inputs, Path(folder))
        written = path.parent == Path(folder)
        found: tuple[Evaluation, ...] = _evaluate.evaluate(path, asked, written, progress)
    return found[0] if isinstance(target, str) else found


def tune(
    build: Callable[[Any], Any] | str,
    train: Callable[[Any, Any, Any], Any] | str | None,
    data: str | Path | Mapping[str, Any],
    target: str | Sequence[str],
    *,
    max_drop: str | float = 0.01,
    max_latency_ms: str | float | None = None,
    max_size_bytes: str | int | None = None,
    time: str | float | None = None,
    trials: int | None = None,
    sampler: str = "auto",
    pruner: str = "median",
    storage: str | Path | None = None,
    name: str = "",
    scheduler: str | None = None,
    tensorboard: bool = False,
    objectives: str | Sequence[str] = (),
    reports_loss: bool = False,
    score_by: ScoreBy = "converted",
    form: str | None = None,
    metric: str | None = None,
    device: str | Sequence[str] = (),
    preprocessing: Preprocessing | PreparationAsked | None = None,
    output: str | None = None,
    task: str | TaskAsked = "",
    seed: int = 0,
    trial_timeout_s: str | float = 3600.0,
    step_timeout_s: float | None = None,
    bundle: bool = True,
    budget: str = "standard",
    out: str | Path | None = None,
    mlflow: str | None = None,
    progress: Listener = silent,
) -> Study:
    """Search a space of your own for the network to ship, by what it does on its targets.

    Args:
        build: `build(trial)` returns a PyTorch module (alone or with example inputs as a pair), a
            Keras model, a scikit-learn estimator, or the path of a model file. The trial suggests
            values: `suggest_int`, `suggest_float`, `suggest_categorical`, as Optuna's do.
        train: `train(model, trial, report)` trains it in place, or returns the trained one.
            `report(step, score)` tells a validation score; it ends a training that is hopeless.
        data: samples that judge, as of `optimize`. What trains is the user's own affair.
        target: one or more profiles. Those that a device at hand is of have latencies.
        max_drop: without a limit on latency, the fastest network is taken whose score is at most
            so far from the best; and what its conversion may lose, as of `optimize`.
        max_latency_ms, max_size_bytes: limits, numbers or "5ms" and "5MB". A network that breaks
            one is not trained.
        time: no trial begins later: "2h", "20m" or seconds. trials: nor when so many have ended;
            without either 20.
        sampler: "auto", "random", "grid", "tpe", "gp", "nsga-ii", "nsga-iii" or "cma-es".
        pruner: "median", "successive-halving", "hyperband" or "none".
        storage: None: a journal in `out`; a path ending in .journal; or a URL of a database.
        name: of the study in the storage; "": the folder's.
        scheduler: Dask's address, or "local:4" for four workers on this machine; None: one trial
            after the other, in this process (docs/tuning-scale.md).
        tensorboard: write every training's curve for TensorBoard, while it goes.
        objectives: of "score", "latency", "size" and "multiply-adds"; (): the score, and
            without a limit on latency that, too.
        reports_loss: what `report` is told is lower the better.
        score_by: "converted": by edgeopt, in the target's runtime; "reported": by the last report,
            and nothing is converted after a training.
        form: as of `evaluate`.
        trial_timeout_s: of one trial in `build` and `train`: "10m" or seconds.
        bundle: the chosen network goes through `optimize`, into `out`/chosen. budget: of that.
        out: the study's folder; None: runs/tune.
        mlflow: where the study is logged at its end, each trial as a run below the study's:
            "http://HOST:5000" or "sqlite:///FILE"; None: nowhere.

    Returns:
        The study; `study.best` is the trial that was taken, None if none qualifies.

    Raises:
        BadInput: the request is not usable, the functions cannot be loaded, the storage cannot be
            reached or holds another study, or the first five trials all failed.
        NotInstalled: something that it needs is not installed.
        DeviceFailed, CannotWrite: the same call again goes on.
    """
    from edgeopt.report import mlflow_study

    asked = _asked(
        target,
        device,
        task,
        data=data,
        metric=metric,
        constraints=Constraints(
            max_drop=_number("max_drop", max_drop),
            max_latency_ms=_number("max_latency_ms", max_latency_ms),
            max_size_bytes=_number("max_size_bytes", max_size_bytes),
        ),
        form=form,
        preprocessing=preprocessing,
        output=output,
        seed=seed,
        step_timeout_s=step_timeout_s,
    )
    _require_listener(progress)
    call = TuneCall(
        asked,
        build,
        train,
        _folder(out),
        time_s=parse.duration(time, "--time") if isinstance(time, str) else time,
        trials=trials,
        sampler=sampler,
        pruner=pruner,
        storage=str(storage) if isinstance(storage, Path) else storage,
        name=name,
        scheduler=scheduler,
        tensorboard=tensorboard,
        objectives=kinds.names("objectives", objectives),
        reports_loss=reports_loss,
        score_by=score_by,
        trial_timeout_s=_number("trial_timeout_s", trial_timeout_s),
        bundle=bundle,
        budget=final(budget).name,
    )
    logged = mlflow_study.logs_to(mlflow)
    study = _tune.tune(call, progress)
    logged(study)
    return study


def _asked(
    target: str | Sequence[str],
    device: str | Sequence[str],
    task: str | TaskAsked,
    **more: Any,
) -> Asked:
    """What is asked of every model: a name alone stands for one target, device or task."""
    return Asked(
        targets=kinds.names("target", target),
        devices=kinds.names("device", device),
        task=TaskAsked(task=task) if isinstance(task, str) else task,
        **more,
    )


def _number(name: str, value: Any) -> Any:
    """A number, or a text with its unit. Raises BadInput where a text is none."""
    if not isinstance(value, str):
        return value
    return parse.share(value) if name == "max_drop" else parse.figure(name, value)


def _folder(out: Any) -> Path:
    if out is not None and not isinstance(out, str | Path):
        raise BadInput(f"out is {kinds.shown(out)}, and a folder's path or None is wanted.")
    return Path(out) if out else DEFAULT_OUT


def _shapes(shapes: Any) -> dict[str, tuple[int, ...]]:
    try:
        return {name: tuple(shape) for name, shape in (shapes or {}).items()}
    except (AttributeError, TypeError):
        found, wanted = kinds.shown(shapes), "sizes by the name of an input are wanted"
        raise BadInput(f"shapes is {found}, and {wanted}.", "Say {'x': (1, 3, 8, 8)}.") from None


def _require_listener(progress: Any) -> None:
    if not callable(progress):
        raise BadInput(f"progress is {kinds.shown(progress)}, and a function is wanted.")
