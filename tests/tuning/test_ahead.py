"""Builds on workers whose questions depend on each other: their answers travel ahead, and hold."""

import json
import os
import signal
import time

import numpy as np
import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

import edgeopt
from edgeopt.tuning.scheduler import LocalCluster
from edgeopt.tuning.storage import JOURNAL
from tests.tuning import nets

pytest.importorskip("distributed", reason="pip install 'edgeopt[distributed]'")
pytestmark = pytest.mark.slow
NOTES, LOSE = "AHEAD_NOTES", "AHEAD_LOSE"


def told(trial):
    """What the build was told, and that it got so far."""
    with open(os.environ[NOTES], "a", encoding="utf-8") as file:
        file.write(json.dumps([trial.number, trial.params]) + "\n")
    return nets.save(8, np.zeros((8, 10)))


def dependent(trial):
    """The second range ends at the first value: from the sixth trial on, so that it surprises."""
    a = trial.suggest_int("a", 0, 9)
    trial.suggest_int("b", 0, a if trial.number > 4 else 9)
    return told(trial)


def branching(trial):
    """One of four kinds asks for something else, and again for more: 3 * 2 + 2 + 4 networks."""
    if trial.suggest_int("kind", 1, 4) < 4:
        trial.suggest_categorical("width", [8, 16])
    else:
        for layer in range(trial.suggest_int("depth", 1, 2)):
            trial.suggest_int(f"kernel{layer}", 1, 2)
    return told(trial)


def changing(trial):
    """A range that is another one in each trial, between two that stay."""
    trial.suggest_float("rate", 0.1, 1.0, log=True)
    trial.suggest_int("depth", trial.number, 2 * trial.number)
    trial.suggest_categorical("width", [8, 16])
    return told(trial)


def losing(trial):
    """The worker is lost once, when all is answered and nothing of it is said yet."""
    for name in "abc":
        trial.suggest_float(name, 0, 1)
    marker = os.environ[LOSE]
    found = told(trial)
    if trial.number == 5 and not os.path.exists(marker):
        with open(marker, "w", encoding="utf-8"):
            time.sleep(0.5)  # that it has begun is known
            os.kill(os.getppid(), signal.SIGKILL)
    return found


def train(model, trial, report):
    report(0, sum(one for one in trial.params.values() if not isinstance(one, str)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ahead")


@pytest.fixture(scope="module")
def cluster(folder):
    made = LocalCluster(2, (), folder / "log", folder)
    with pytest.MonkeyPatch.context() as patch:
        for name in (NOTES, LOSE):
            patch.setenv(name, str(folder / name))
        patch.setenv("EDGEOPT_CACHE", str(folder / "cache"))
        made.address = made.start()
        yield made
    made.close()


@pytest.fixture
def tuned(tmp_path, folder, cluster):
    """A study on workers (or in this process): it, and what its builds were told, by trials."""

    def run(build, *, workers=True, **asked):
        cluster.tend()
        (folder / NOTES).write_text("")
        out = tmp_path / ("workers" if workers else "alone")
        data = {"image": np.zeros((4, 64), np.float32), "labels": np.arange(4)}
        study = edgeopt.tune(
            build, train, data, "this-machine", out=out, form="onnxruntime fp32", bundle=False,
            objectives=("score",), score_by="reported", pruner="none",
            scheduler=cluster.address if workers else None, **asked,
        )  # fmt: skip
        notes = [json.loads(line) for line in (folder / NOTES).read_text().splitlines()]
        assert stored(out) == [one.params for one in study.trials]
        return study, notes

    return run


def stored(out):
    """The parameters of all trials, as Optuna has them."""
    kept = optuna.storages.JournalStorage(JournalFileBackend(str(out / JOURNAL)))
    [name] = optuna.get_all_study_names(kept)
    return [one.params for one in optuna.load_study(study_name=name, storage=kept).trials]


def combinations(study):
    return sorted(str(sorted(one.params.items())) for one in study.trials)


def require_whole(study, notes):
    """Every trial is complete, was built with what its record says, and once."""
    assert [one.why for one in study.trials] == [""] * len(study.trials)
    assert sorted(notes) == [[one.number, one.params] for one in study.trials]


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_range_that_depends_on_a_value_is_kept(tuned, sampler):
    study, notes = tuned(dependent, sampler=sampler, trials=14)
    require_whole(study, notes)
    assert all(0 <= one.params["b"] <= one.params["a"] for one in study.trials[5:])
    assert len({one.params["a"] for one in study.trials}) > 2


def test_a_range_that_changes_from_trial_to_trial_is_kept(tuned):
    study, notes = tuned(changing, sampler="random", trials=12)
    require_whole(study, notes)
    assert all(n <= one.params["depth"] <= 2 * n for n, one in enumerate(study.trials))


def test_a_grid_that_branches_ends_with_the_combinations_of_one_process(tuned):
    study, notes = tuned(branching, sampler="grid", trials=20)
    require_whole(study, notes)
    alone, _ = tuned(branching, sampler="grid", trials=20, workers=False)
    assert combinations(study) == combinations(alone)
    assert len(set(combinations(study))) == len(study.trials) == 12


def test_a_worker_lost_before_it_said_what_it_used_changes_nothing(tuned, folder):
    study, notes = tuned(losing, sampler="random", trials=8)
    assert (folder / LOSE).exists()
    assert [one.why for one in study.trials] == [""] * 8
    lost = study.trials[5]
    assert (lost.attempts, lost.trained_by, len(lost.lost_by)) == (2, lost.worker, 1)
    built = [params for number, params in notes if number == 5]
    assert built == [lost.params] * len(built)
    assert len(built) >= 2  # Dask may have begun it once more, until it was told not to
