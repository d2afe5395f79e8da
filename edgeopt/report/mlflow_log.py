"""A run in MLflow: a run of it for the call, and below it one for each candidate.

What could not be logged is a sentence: the run lies in its folder already, and loses nothing.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import socket
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.domain.run import Choice, Run
from edgeopt.report.candidate_rows import COLUMNS, rows

EXPERIMENT = "edgeopt"
#: A server that does not answer is given up after so long: MLflow's own defaults wait for hours.
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"
}  # fmt: skip
#: Columns that are figures; the others are parameters.
_METRICS = tuple(
    name
    for name, kind in COLUMNS.items()
    if kind in ("int", "float") and name != "threads"
)  # fmt: skip
CONNECT_S = 10.0
_LONGEST = 500  # of a parameter; older servers take no more


#: What an address of MLflow begins with; a driver may follow a database's ("postgresql+psycopg").
_SCHEMES = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "databricks", "file")


def require(uri: str) -> None:
    """Refuse what could only fail when the run has ended.

    Raises:
        NotInstalled: MLflow is missing.
        BadInput: it is no address that MLflow takes.
    """
    _client_class()
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:
        scheme = ""
    known = any(f"{scheme}+"[: len(one) + 1] == f"{one}+" for one in _SCHEMES)
    if not known and uri != "databricks":
        raise BadInput(
            "--mlflow is no address of MLflow: it names no server and no database.",
            "Write --mlflow http://HOST:5000 or --mlflow sqlite:///mlflow.db.",
        )


def log(run: Run, uri: str, experiment: str = EXPERIMENT) -> str:
    """Log a run; returns MLflow's id of it.

    Args:
        uri: of a server ("http://host:5000"), a database ("sqlite:///mlflow.db") or a folder
            ("file:///path"): what `mlflow.set_tracking_uri` takes.

    Raises:
        NotInstalled: MLflow is missing. BadInput: it could not be logged; in one sentence.
    """
    hint = (
        "Nothing of the run is lost: when it is there, edgeopt report "
        f"{run.folder} --mlflow URI logs it."
    )
    return logged(uri, lambda client: _log(client, run, uri, experiment), hint)


def logged(uri: str, log_with: Callable[[Any], str], hint: str) -> str:
    """What `log_with` returns, which is given MLflow's client.

    Raises:
        NotInstalled: MLflow is missing. BadInput: it could not be logged; in one sentence.
    """
    client_class = _client_class()
    with _quietly():
        try:
            return log_with(client_class(tracking_uri=uri))
        except Exception as error:  # of MLflow, its stores and their networks: many kinds
            out_of_reach = _out_of_reach(uri)
            why = f"cannot be reached: {out_of_reach}" if out_of_reach else "did not take the run: "
            raise BadInput(
                f"MLflow at {_shown(uri)} {why}{'' if out_of_reach else _said(error)}", hint
            ) from None


def place_of(client: Any, uri: str, experiment: str) -> str:
    """The id of an experiment, made where there is none of that name."""
    known = client.get_experiment_by_name(experiment)
    return str(
        known.experiment_id if known else client.create_experiment(experiment, _files_of(uri))
    )


def _client_class() -> Any:
    try:
        from mlflow.tracking import MlflowClient
    except ImportError as error:
        raise NotInstalled("--mlflow needs MLflow.", "pip install 'edgeopt[mlflow]'") from error
    return MlflowClient


def _log(client: Any, run: Run, uri: str, experiment: str) -> str:
    place = place_of(client, uri, experiment)
    name = f"{Path(run.request.source).name} for {', '.join(run.request.targets)}"
    tags = {
        "mlflow.runName": name,
        "edgeopt.folder": run.folder,
        "edgeopt.sha256": run.source.sha256,
    }
    parent = client.create_run(place, tags=tags).info.run_id
    try:
        batch(client, parent, _params(run), _figures(run))
        for child in rows(run):
            _log_candidate(client, place, parent, child)
        for path, below in _artifacts(run):
            send = client.log_artifacts if path.is_dir() else client.log_artifact
            send(parent, str(path), below)
    except BaseException:
        with contextlib.suppress(Exception):  # the first error is the one to tell
            client.set_terminated(parent, "FAILED")
        raise
    client.set_terminated(parent)
    return str(parent)


def _files_of(uri: str) -> str | None:
    """Where a new experiment's files go: beside a database in a file; else as the server says.

    MLflow's own default is a folder in whatever folder the call is made from.
    """
    parts = urlsplit(uri)
    if parts.scheme != "sqlite" or not parts.path[1:]:
        return None
    return Path(parts.path[1:]).resolve().with_suffix(".files").as_uri()  # behind sqlite:///


def _out_of_reach(uri: str) -> str:
    """Why no connection comes about to a server, in the system's words; "" where one does."""
    try:
        parts = urlsplit(uri)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        with socket.create_connection((parts.hostname, port), timeout=CONNECT_S):
            return ""
    except (OSError, ValueError) as error:
        return f"{getattr(error, 'strerror', None) or error}."


def _log_candidate(client: Any, place: str, parent: str, row: dict[str, Any]) -> None:
    tags = {
        "mlflow.runName": row["title"],
        "mlflow.parentRunId": parent,
        "edgeopt.role": row["role"],
    }
    one = client.create_run(place, tags=tags).info.run_id
    params = {k: v for k, v in row.items() if k not in _METRICS and v not in (None, "")}
    figures = {k: row[k] for k in _METRICS if row[k] is not None}
    batch(client, one, params, figures)
    client.set_terminated(one, "FINISHED" if row["status"] in ("ok", "converted") else "FAILED")


def batch(client: Any, one: str, params: dict[str, Any], figures: dict[str, float]) -> None:
    """Log parameters and figures of a run."""
    from mlflow.entities import Metric, Param

    client.log_batch(
        one,
        metrics=[
            Metric(name, float(value), 0, 0)
            for name, value in figures.items()
            if math.isfinite(value)
        ],
        params=[Param(name, str(value)[:_LONGEST]) for name, value in params.items()],
    )


def _params(run: Run) -> dict[str, Any]:
    request = run.request
    limits = request.constraints
    return {
        "model": request.source, "model_sha256": request.source_sha256, "data": request.data,
        "data_sha256": request.data_sha256, "targets": ", ".join(request.targets),
        "metric": run.data.metric, "budget": request.budget, "seed": request.seed,
        "max_drop": limits.max_drop, "max_size_bytes": limits.max_size_bytes,
        "max_latency_ms": limits.max_latency_ms, "max_slice_drop": limits.max_slice_drop,
        "edgeopt": run.environment.get("edgeopt", ""),
        **{f"chosen.{key(c.target)}": _chosen(run, c) for c in run.choices},
    }  # fmt: skip


def _chosen(run: Run, choice: Choice) -> str:
    record = run.record(choice.target, choice.recipe_id)
    return record.title if record else "nothing qualified"


def _figures(run: Run) -> dict[str, float]:
    """The chosen candidates' figures by target, and how long the run took."""
    found = {"seconds": run.seconds, "candidates": float(len(run.records))}
    for row in rows(run):
        if row["role"] == "chosen":
            found |= {
                f"{key(row['target'])}.{name}": row[name]
                for name in _METRICS
                if row[name] is not None
            }
    return found


def key(name: str) -> str:
    """As MLflow takes it in a key."""
    return re.sub(r"[^\w.\- /]", "_", name, flags=re.ASCII)


def _artifacts(run: Run) -> Iterator[tuple[Path, str | None]]:
    """The report, run.json, the records, and each bundle as it is shipped."""
    folder = Path(run.folder)
    for name in ("report.html", "run.json", "results.jsonl"):
        if (folder / name).is_file():
            yield folder / name, None
    for choice in run.choices:
        if choice.bundle and (folder / choice.bundle).is_dir():
            yield folder / choice.bundle, key(choice.bundle)


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """MLflow says much on stderr, and retries for long: neither is for who waits for a result."""
    before = {name: os.environ.get(name) for name in _PATIENCE}
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic", "urllib3")]
    levels = [one.level for one in loggers]
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
        for name in (name for name, was in before.items() if was is None):
            os.environ.pop(name, None)


def _shown(uri: str) -> str:
    """A URI without the password that may be in it."""
    try:
        parts = urlsplit(uri)
        host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return "that address"
    return urlunsplit(parts._replace(netloc=host, query="")) if parts.password else uri


def _said(error: Exception) -> str:
    """The beginning of an error, without an address that may hold a password."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    text = re.sub(r"://[^/@\s]+@", "://", text)
    return f"{textwrap.shorten(text, 400, placeholder=' ...').rstrip('.')}."
