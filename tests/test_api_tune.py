"""edgeopt.tune hands its study on to MLflow where it is told to."""

import pytest

from edgeopt import api_tune
from edgeopt.domain.errors import BadInput
from edgeopt.report.mlflow_log import EXPERIMENT
from tests.tuning import records


@pytest.fixture
def searched(monkeypatch, tmp_path):
    """A study that has ended, in place of a search; what was searched is counted."""
    made = records.study([records.trial(0, 0.9, 1.0), records.trial(1, 0.8, 0.5)], chosen=0)
    calls = []
    monkeypatch.setattr(api_tune._tune, "tune", lambda call, _: calls.append(call) or made)
    return calls


@pytest.mark.slow  # MLflow takes seconds to be imported
def test_a_study_is_logged_with_a_run_for_each_trial(searched, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{tmp_path / 'ml.db'}"
    study = api_tune.tune("mine:build", "mine:fit", {}, "this-machine", mlflow=uri)
    assert study.chosen == 0
    client = mlflow.tracking.MlflowClient(tracking_uri=uri)
    runs = client.search_runs([client.get_experiment_by_name(EXPERIMENT).experiment_id])
    below = [one for one in runs if "mlflow.parentRunId" in one.data.tags]
    assert sorted(one.data.tags["mlflow.runName"] for one in below) == ["trial 0", "trial 1"]
    assert len(runs) == 3


def test_an_address_that_is_none_is_refused_before_anything_is_searched(searched):
    pytest.importorskip("mlflow")
    with pytest.raises(BadInput, match="no address of MLflow"):
        api_tune.tune("mine:build", "mine:fit", {}, "this-machine", mlflow="nowhere")
    assert searched == []
