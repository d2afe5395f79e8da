"""Each example finds under a limit on latency what its search would have missed without it."""

import importlib.util
import warnings
from pathlib import Path

import pytest

from edgeopt.tuning import evaluate as kept_alive

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path))
    yield
    kept_alive.close()


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def require(found):
    """The best by score alone breaks the limit; what was found with it keeps it."""
    assert found["latency_without_ms"] > found["max_latency_ms"]
    assert found["latency_with_ms"] <= found["max_latency_ms"]
    assert found["score_with"] > 0.6


@pytest.mark.slow
def test_a_grid_search_of_scikit_learn():
    module = example("grid_search_latency")
    found = module.search({"n_estimators": [4, 160], "max_depth": [None]}, folds=2)
    require(found)
    assert found["latency_halving_ms"] <= found["max_latency_ms"]


@pytest.mark.slow
def test_a_bare_study_of_optuna():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = example("optuna_latency").search()
    require(found)
    assert found["not_trained"] >= 1


@pytest.mark.slow
def test_a_search_of_keras_tuner():
    pytest.importorskip("keras_tuner")
    found = example("keras_tuner_latency").search((64, 1024), trials=2, epochs=2)
    require(found)
    assert found["not_trained"] >= 1
