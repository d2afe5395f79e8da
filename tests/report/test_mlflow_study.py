import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.report import mlflow_study
from tests.tuning.records import study, trial

pytest.importorskip("mlflow", reason="pip install 'edgeopt[mlflow]'")


@pytest.mark.slow
def test_trials_are_runs_below_the_study(tmp_path):
    from mlflow.tracking import MlflowClient

    trials = [
        trial(0, 0.9, 1.0, curve=(0.5, 0.9)),
        trial(1, 0.8, 0.5),
        trial(2, None, 2.0, state="outside-limits"),
    ]
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    parent = mlflow_study.log(study(trials, front=(0, 1), chosen=1), uri, "searches")
    client = MlflowClient(tracking_uri=uri)
    runs = client.search_runs([client.get_experiment_by_name("searches").experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    [whole] = [run for run in runs if run.info.run_id == parent]
    assert whole.data.params["chosen"] == "1"
    assert whole.data.metrics["score"] == 0.8
    below = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent]
    named = {run.data.tags["mlflow.runName"]: run for run in below}
    assert set(named) == {"trial 0", "trial 1", "trial 2"}
    first = named["trial 0"]
    assert first.data.params["kind"] == "a"
    assert first.data.metrics["this-machine.latency_ms"] == 1.0
    points = client.get_metric_history(first.info.run_id, "curve")
    assert [(point.step, point.value) for point in points] == [(0, 0.5), (1, 0.9)]
    assert named["trial 2"].data.params["why"].startswith("0.9 ms")


def test_a_server_that_is_not_there_is_one_sentence():
    with pytest.raises(BadInput, match="cannot be reached") as told:
        mlflow_study.log(study([trial(0, 0.9, 1.0)]), "http://me:secret@127.0.0.1:1")
    assert "secret" not in str(told.value)
    assert "same call" in told.value.hint
