"""A run in MLflow's own store: parameters, figures, files, a child for each candidate."""

from __future__ import annotations

import os

import pytest
from msgspec.structs import replace

from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.report import mlflow_log
from tests.report.sample import sample_run


@pytest.fixture
def run(tmp_path):
    """The sample run with a folder of files."""
    folder = tmp_path / "run"
    (folder / "intel-cpu" / "native").mkdir(parents=True)
    for name in ("run.json", "report.html", "results.jsonl", "intel-cpu/run.py"):
        (folder / name).write_text(name)
    made = sample_run()
    first = replace(made.choices[0], bundle="intel-cpu")
    return replace(made, folder=str(folder), choices=(first, *made.choices[1:]))


@pytest.mark.slow  # MLflow takes seconds to be imported, and to make its database
def test_a_run_is_logged_with_a_child_for_each_candidate(run, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{tmp_path / 'ml.db'}"
    found = mlflow_log.log(run, uri)
    client = mlflow.tracking.MlflowClient(tracking_uri=uri)
    parent = client.get_run(found)
    assert parent.info.status == "FINISHED"
    assert parent.data.params["model"] == run.request.source
    chosen = run.record("intel-cpu", run.choices[0].recipe_id)
    assert parent.data.metrics["intel-cpu.p50_ms"] == chosen.latency_ms.p50
    assert parent.data.params["chosen.intel-cpu"] == chosen.title
    files = {one.path for one in client.list_artifacts(found)}
    assert files == {"run.json", "report.html", "results.jsonl", "intel-cpu"}
    assert (tmp_path / "ml.files").is_dir()  # and nothing in the folder of the call
    experiment = client.get_experiment_by_name(mlflow_log.EXPERIMENT)
    query = f"tags.mlflow.parentRunId = '{found}'"
    below = client.search_runs([experiment.experiment_id], query)
    assert len(below) == len(run.records)
    [ship] = [one for one in below if one.data.tags["edgeopt.role"] == "chosen"
              and one.data.params["target"] == "intel-cpu"]  # fmt: skip
    assert ship.data.metrics["size_bytes"] == chosen.size_bytes
    assert {one.info.status for one in below} == {"FINISHED", "FAILED"}


@pytest.mark.slow
def test_a_server_out_of_reach_is_one_sentence_and_loses_nothing(run):
    pytest.importorskip("mlflow")
    before = dict(os.environ)
    with pytest.raises(BadInput) as caught:
        mlflow_log.log(run, "http://ada:secret@127.0.0.1:9")
    message, hint = caught.value.args[0], caught.value.hint
    assert message == "MLflow at http://127.0.0.1:9 cannot be reached: Connection refused."
    assert "Nothing of the run is lost" in hint
    assert "secret" not in message + hint
    assert dict(os.environ) == before


def test_without_mlflow_it_says_what_installs_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mlflow.tracking", None)
    with pytest.raises(NotInstalled) as caught:
        mlflow_log.require("sqlite:///mlflow.db")
    assert "edgeopt[mlflow]" in caught.value.hint
