"""Studies in PostgreSQL: a server of this test's own."""

import pytest

from benchmarks.search import postgres
from edgeopt.domain.errors import BadInput
from edgeopt.tuning import samplers, storage
from edgeopt.tuning.ledger import Ledger
from tests.tuning.records import study as made

pytest.importorskip("psycopg", reason="pip install 'edgeopt[distributed]'")
REQUEST = made([]).request


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if postgres.SERVER is None or postgres.INITDB is None:
        pytest.skip(postgres.MISSING)
    found = postgres.Postgres(tmp_path_factory.mktemp("postgres"))
    yield found
    found.stop()


def opened(url, folder):
    sampler = samplers.make("random", 0, REQUEST.objectives)
    return storage.open_study(storage.open_storage(url, folder), "mine", REQUEST, sampler)


@pytest.mark.slow
def test_a_study_is_gone_on_with_and_opens_as_a_dashboard_opens_it(server, tmp_path):
    """optuna-dashboard takes an Optuna storage, and shows what these calls give."""
    import optuna

    study = opened(server.url, tmp_path)
    trial = study.ask()
    trial.suggest_float("x", 0, 1)
    trial.set_user_attr("edgeopt:record", "{}")
    study.tell(trial, (1.0, 2.0))
    again = opened(server.url, tmp_path)
    assert [one.values for one in again.trials] == [[1.0, 2.0]]
    url = server.url.replace("postgresql://", "postgresql+psycopg://")
    kept = optuna.storages.RDBStorage(url)
    [summary] = optuna.get_all_study_summaries(kept)
    assert (summary.study_name, summary.n_trials) == ("mine", 1)
    loaded = optuna.load_study(study_name="mine", storage=kept)
    assert loaded.metric_names == ["loss of score", "latency:this-machine"]
    assert loaded.trials[0].params == trial.params


@pytest.mark.slow
def test_a_server_that_starts_anew_in_mid_study_loses_nothing(server, tmp_path):
    kept = Ledger(storage.open_storage(server.url, tmp_path), "there")
    sampler = samplers.make("random", 0, REQUEST.objectives)
    study = storage.open_study(kept, "cut", REQUEST, sampler)
    trial = study.ask()
    server.stop()
    x = trial.suggest_float("x", 0, 1)
    study.tell(trial, (1.0, 2.0))
    server.start()
    study.ask().suggest_float("x", 0, 1)
    kept.close()
    again = storage.open_study(
        storage.open_storage(server.url, tmp_path), "cut", REQUEST, sampler
    ).trials
    assert [one.number for one in again] == [0, 1]
    assert (again[0].params, again[0].values) == ({"x": x}, [1.0, 2.0])


@pytest.mark.slow
def test_a_database_or_a_server_that_is_not_there_is_one_sentence(server, tmp_path):
    other = server.url.replace("/postgres", "/nosuch").replace("edgeopt@", "edgeopt:secret@")
    with pytest.raises(BadInput, match="cannot be reached") as told:
        storage.open_storage(other, tmp_path)
    assert "secret" not in str(told.value)
    assert "\n" not in told.value.args[0]
    server.stop()
    with pytest.raises(BadInput, match="cannot be reached"):
        storage.open_storage(server.url, tmp_path)
    server.start()
    opened(server.url, tmp_path)
