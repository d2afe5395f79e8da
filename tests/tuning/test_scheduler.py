"""Trials on a Dask scheduler's workers: a cluster of this machine, with one owner of a device."""

import os
import signal
import time

import numpy as np
import pytest

import edgeopt
from edgeopt.domain.errors import BadInput, DeviceFailed
from edgeopt.tuning import study_folder
from edgeopt.tuning.open_trial import ATTEMPTS
from edgeopt.tuning.scheduler import LocalCluster
from tests.tuning import nets

pytest.importorskip("distributed", reason="pip install 'edgeopt[distributed]'")
FORM = "onnxruntime fp32"


def grid(trial):
    """Six networks."""
    width = trial.suggest_categorical("width", [8, 32, 128])
    trial.suggest_categorical("ridge", [0.01, 1.0])
    return nets.save(width, np.zeros((width, 10)))


def train(model, trial, report):
    time.sleep(0.3)
    return nets.train(model, trial, report)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "eval.npz"
    np.savez(path, **{name: array[:200] for name, array in nets.judged().items()})
    return path


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """Which trainings there were; workers are told of it when they start."""
    path = tmp_path_factory.mktemp("notes") / "notes"
    path.touch()
    return path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, notes):
    folder = tmp_path_factory.mktemp("cluster")
    made = LocalCluster(2, (), folder / "log", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETS_NOTES", str(notes))
        patch.setenv("EDGEOPT_CACHE", str(folder / "cache"))
        made.address = made.start()
        yield made
    made.close()


def search(data, out, cluster, **asked):
    asked = {"sampler": "grid", "trials": 20, "form": FORM, "bundle": False, **asked}
    return edgeopt.tune(
        asked.pop("build", grid), asked.pop("train", train), data, "this-machine", out=out,
        scheduler=cluster if isinstance(cluster, str) else cluster.address, **asked,
    )  # fmt: skip


@pytest.mark.slow
def test_a_grid_ends_though_a_worker_is_killed_and_nothing_is_done_twice(
    tmp_path, data, cluster, notes
):
    notes.write_text("")
    killed = []

    def kill(what, done=0, total=0):
        """The worker without a device, when it may be training."""
        if done == 1 and not killed:
            process = cluster._processes["local-1"]
            os.kill(process.pid, signal.SIGKILL)
            killed.append(process.wait())

    reported = {"score_by": "reported", "objectives": ("score",)}
    study = search(data, tmp_path / "study", cluster, progress=kill, **reported)
    assert killed
    cluster.tend()
    assert [one.state for one in study.trials] == ["complete"] * 6
    assert len({tuple(one.params.values()) for one in study.trials}) == 6
    trained = notes.read_text().split()[1::2]
    assert set(trained) == {str(one.number) for one in study.trials}
    again = {number for number in trained if trained.count(number) > 1}
    assert len(again) <= 1  # what the killed worker was at, heard of or not
    assert len(trained) - 6 <= ATTEMPTS
    assert all((tmp_path / "study" / one.network).is_file() for one in study.trials)
    assert sum(one.trials for one in study.workers) == 6
    assert sum(one.trained for one in study.workers) == 6
    assert sum(one.lost for one in study.workers) == sum(one.attempts - 1 for one in study.trials)
    alone = edgeopt.tune(
        grid, nets.train, data, "this-machine", trials=20, sampler="grid", form=FORM,
        bundle=False, out=tmp_path / "alone", **reported,
    )  # fmt: skip
    assert study.best.params == alone.best.params
    assert study.best.score == alone.best.score


@pytest.mark.slow
def test_the_owner_of_the_device_measures_and_all_others_score(tmp_path, data, cluster):
    out = tmp_path / "study"
    study = search(data, out, cluster, trials=2, sampler="random")
    assert [one.state for one in study.trials] == ["complete"] * 2
    assert all(one.latency_ms("this-machine") > 0 for one in study.trials)
    assert {one.measured_by["this-machine"] for one in study.trials} == {"local-0"}
    assert all(one.score > 0.3 and one.evaluations[0].device == "local" for one in study.trials)
    assert study_folder.read(out).trials == study.trials
    with pytest.raises(BadInput, match="no worker owns the device 'pi'"):
        search(data, tmp_path / "other", cluster, device="pi")


def broken(trial):
    """Each is bad in its way, but the first and the last."""
    width = trial.suggest_categorical("width", [8, 32])
    if trial.number == 1:
        raise ValueError("no layers")
    if trial.number == 2:
        return None
    return nets.save(width, np.zeros((width, 10)))


def trained_badly(model, trial, report):
    if trial.number == 3:
        report(0, float("nan"))
    if trial.number == 4:
        os.abort()
    if trial.number == 5:
        time.sleep(1.5)  # ends after the first: which one is the first is told by who ends first
        return nets.save(8, np.ones((8, 12)), classes=12)
    trial.params.setdefault("ridge", 0.1)
    return nets.train(model, trial, report)


@pytest.mark.slow
def test_what_is_bad_is_one_sentence_each_and_the_study_goes_on(tmp_path, data, cluster):
    study = search(
        data, tmp_path / "study", cluster, build=broken, train=trained_badly, trials=7,
        sampler="random", objectives=("score",),
    )  # fmt: skip
    kinds = {one.number: one.kind for one in study.trials}
    assert [kinds[i] for i in range(1, 5)] == ["error", "no-model", "diverged", "died"]
    other = "other-outputs"  # than those of whichever trial ended first
    assert [kinds[i] for i in (0, 5, 6)] in ([None, other, None], [other, None, other])
    failed = [one for one in study.trials if one.kind]
    assert all(one.why and "\n" not in one.why and one.worker for one in failed)
    assert study.chosen is not None
    assert kinds[study.chosen] is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheduler", "words"),
    [
        ("tcp://127.0.0.1:1", "the scheduler tcp://127.0.0.1:1 cannot be reached"),
        ("local:none", "'local:none' is no scheduler"),
        ("local:0", "'local:0' is no scheduler"),
        ("nosuch://here", "the scheduler nosuch://here cannot be reached"),
    ],
)
def test_what_cannot_be_reached_is_one_sentence(tmp_path, data, monkeypatch, scheduler, words):
    monkeypatch.setattr("edgeopt.tuning.scheduler.CONNECT_S", 1.0)
    with pytest.raises((BadInput, DeviceFailed)) as told:
        search(data, tmp_path / "study", scheduler)
    assert words in told.value.args[0]
    assert "\n" not in told.value.args[0]
