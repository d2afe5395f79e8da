"""A study in MLflow: a run of it for the study, and below it one for each trial, with its curve."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeopt.domain.study import Study, TrialRecord
from edgeopt.report import mlflow_log
from edgeopt.report.mlflow_log import EXPERIMENT, batch, key


def logs_to(uri: str | None) -> Callable[[Study], str | None]:
    """What logs a study when it has ended, and returns MLflow's id of its run; None: nowhere.

    What could not be logged is told now, before hours of trials.

    Raises:
        NotInstalled: MLflow is missing. BadInput: it is no address of MLflow.
    """
    if uri is None:
        return lambda _: None
    mlflow_log.require(uri)
    return functools.partial(log, uri=uri)


def log(study: Study, uri: str, experiment: str = EXPERIMENT) -> str:
    """Log a study that lies in its folder; returns MLflow's id of its run.

    Args:
        uri, experiment: as of `mlflow_log.log`.

    Raises:
        NotInstalled: MLflow is missing. BadInput: it could not be logged; in one sentence.
    """
    hint = f"Nothing of the study is lost: it lies in {study.folder}, and the same call logs it."
    return mlflow_log.logged(uri, lambda client: _log(client, study, uri, experiment), hint)


def _log(client: Any, study: Study, uri: str, experiment: str) -> str:
    place = mlflow_log.place_of(client, uri, experiment)
    tags = {"mlflow.runName": study.name, "edgeopt.folder": study.folder}
    parent = str(client.create_run(place, tags=tags).info.run_id)
    try:
        batch(client, parent, _params(study), _best(study))
        for one in study.trials:
            _log_trial(client, place, parent, study, one)
        for name in ("study.json", "report.html"):
            if (Path(study.folder) / name).is_file():
                client.log_artifact(parent, str(Path(study.folder) / name))
    except BaseException:
        with contextlib.suppress(Exception):  # the first error is the one to tell
            client.set_terminated(parent, "FAILED")
        raise
    client.set_terminated(parent)
    return parent


def _params(study: Study) -> dict[str, Any]:
    asked = study.request
    return {
        "build": asked.build, "train": asked.train, "data": asked.data,
        "targets": ", ".join(asked.targets), "objectives": ", ".join(asked.objectives),
        "sampler": study.sampler, "pruner": study.pruner, "max_drop": asked.constraints.max_drop,
        "max_latency_ms": asked.constraints.max_latency_ms, "chosen": study.chosen,
        "why": study.why,
    }  # fmt: skip


def _best(study: Study) -> dict[str, float]:
    return {} if study.best is None else _figures(study, study.best)


def _figures(study: Study, one: TrialRecord) -> dict[str, float]:
    found = {"score": one.score, "size_bytes": one.size_bytes, "multiply_adds": one.multiply_adds}
    latencies = {f"{key(t)}.latency_ms": one.latency_ms(t) for t in study.request.targets}
    seconds = {f"seconds.{name}": value for name, value in one.seconds.items()}
    return {
        name: float(value)
        for name, value in {**found, **latencies, **seconds}.items()
        if value is not None
    }


def _log_trial(client: Any, place: str, parent: str, study: Study, one: TrialRecord) -> None:
    from mlflow.entities import Metric

    tags = {
        "mlflow.runName": f"trial {one.number}",
        "mlflow.parentRunId": parent,
        "edgeopt.state": one.state,
    }
    child = client.create_run(place, tags=tags).info.run_id
    params = {key(name): value for name, value in one.params.items()}
    told = {"why": one.why, "worker": one.worker}
    batch(client, child, {**params, **{k: v for k, v in told.items() if v}}, _figures(study, one))
    points = [Metric("curve", p.score, 0, p.step) for p in one.curve if math.isfinite(p.score)]
    if points:
        client.log_batch(child, metrics=points)
    client.set_terminated(child, "FAILED" if one.state == "failed" else "FINISHED")
