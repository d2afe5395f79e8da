"""tune() as a whole, on networks that are trained in a blink."""

import os
import signal
import subprocess
import sys
import time

import msgspec
import numpy as np
import pytest

import edgeopt
from edgeopt.domain.errors import BadInput
from edgeopt.tuning import study_folder
from tests.tuning import nets

FORM = "onnxruntime fp32"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "eval.npz"
    judged = nets.judged()
    np.savez(path, **{name: array[:300] for name, array in judged.items()})
    return path


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A cache of this test's own, with a fixed figure of the reference."""
    monkeypatch.setenv("EDGEOPT_CACHE", str(tmp_path / "cache"))


def broken(trial):
    """Every second build fails in its way; the others are good."""
    if trial.number == 0:
        return nets.build(trial)
    if trial.number == 1:
        raise ValueError("no layers")
    if trial.number == 2:
        return nets.save(8, np.zeros((8, 12)), classes=12)
    if trial.number == 3:
        return None
    return nets.build(trial)


def trained_badly(model, trial, report):
    if trial.number == 2:
        return nets.save(8, np.ones((8, 12)), classes=12)
    if trial.number == 4:
        return nets.save(8, np.full((8, 10), np.nan))
    return nets.train(model, trial, report)


@pytest.mark.slow
def test_trials_that_fail_are_recorded_and_the_study_goes_on(tmp_path, kept, data):
    study = edgeopt.tune(
        broken, trained_badly, data, ["this-machine", "raspberry-pi-4"], trials=6, form=FORM,
        sampler="random", bundle=False, out=tmp_path / "study",
    )  # fmt: skip
    kinds = [one.kind for one in study.trials]
    assert kinds == [None, "error", "other-outputs", "no-model", "diverged", None]
    whys = [one.why for one in study.trials]
    assert "build failed: ValueError: no layers" in whys[1]
    assert whys[2] == "its outputs are 1x12, and those of the networks before 1x10"
    assert "NaN" in whys[4]
    assert study.chosen in (0, 5)
    assert study.best.latency_ms("this-machine") > 0
    pi = study.best.evaluations[1]
    assert pi.latency_ms is None
    assert "no device of the target raspberry-pi-4" in pi.why_null["latency_ms"]
    assert "raspberry-pi-4" in study.warnings[0]
    assert (tmp_path / "study" / "report.html").stat().st_size > 10_000
    stored = study_folder.read(tmp_path / "study")
    assert stored.trials == study.trials
    with pytest.raises(BadInput, match="asks for something else"):
        edgeopt.tune(
            nets.build, trained_badly, data, ["this-machine", "raspberry-pi-4"], trials=6,
            form=FORM, out=tmp_path / "study",
        )  # fmt: skip


@pytest.mark.slow
def test_what_is_too_slow_is_not_trained_and_the_choice_ships(tmp_path, kept, data, monkeypatch):
    """The limit lies between two networks; the large one is timed once, and never trained."""
    notes = tmp_path / "notes"
    monkeypatch.setenv("NETS_NOTES", str(notes))
    clock = [edgeopt.evaluate(nets.save(w, np.zeros((w, 10)), repeats=r), "this-machine", data,
             form=FORM, cache=False).latency_ms for w, r in ((16, 0), (512, 8))]  # fmt: skip
    limit = float(np.sqrt(clock[0] * clock[1]))
    study = edgeopt.tune(
        nets.build_slow, nets.train, data, "this-machine", trials=4, sampler="random", form=FORM,
        max_latency_ms=limit, max_drop=0.05, budget="quick", out=tmp_path / "study", bundle=False,
    )  # fmt: skip
    states = {one.params["width"]: one.state for one in study.trials}
    assert states == {16: "complete", 512: "outside-limits"}
    assert len(notes.read_text().split("\n")) - 1 == sum(
        t.state == "complete" for t in study.trials
    )
    assert study.best.params["width"] == 16
    large = [one for one in study.trials if one.params["width"] == 512]
    assert "allowed" in large[0].why
    timed = [one.untrained[0] for one in study.trials]
    assert all("latency_ms" in one.cached for one in timed)  # both structures were timed above


def mended_later(trial):
    if not os.environ.get("MENDED"):
        raise ValueError(f"no layers in trial {trial.number}")
    return nets.build(trial)


@pytest.mark.slow
def test_where_all_fail_each_call_ends_after_five_and_leaves_a_page(
    tmp_path, kept, data, monkeypatch
):
    def call():
        return edgeopt.tune(
            mended_later, nets.train, data, "this-machine", trials=12, form=FORM,
            sampler="random", bundle=False, out=tmp_path / "study",
        )  # fmt: skip

    for last in (4, 9):
        with pytest.raises(BadInput, match=f"first 5 trials failed; .* no layers in trial {last}"):
            call()
        assert f"no layers in trial {last}" in (tmp_path / "study" / "report.html").read_text()
    monkeypatch.setenv("MENDED", "1")
    assert [one.state for one in call().trials] == ["failed"] * 10 + ["complete"] * 2


KILLED = """
import sys, edgeopt
from tests.tuning import nets
edgeopt.tune(nets.build, nets.train_slowly, sys.argv[1], "this-machine", trials=3, form="{form}",
             sampler="random", bundle=False, out=sys.argv[2], score_by="reported",
             objectives=("score",))
"""


@pytest.mark.slow
def test_a_killed_study_goes_on_and_trains_nothing_twice(tmp_path, kept, data, monkeypatch):
    notes, out = tmp_path / "notes", tmp_path / "study"
    environment = {**os.environ, "NETS_NOTES": str(notes)}
    command = [sys.executable, "-c", KILLED.format(form=FORM), str(data), str(out)]
    process = subprocess.Popen(command, env=environment)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and not _trained(out):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path.parent.name for path in out.glob("trials/*/trained.json")}
    assert before
    subprocess.run(command, env=environment, check=True)
    study = study_folder.read(out)
    assert [one.state for one in study.trials] == ["complete"] * 3
    ran = notes.read_text().split()[1::2]
    assert sorted(set(ran)) == ["0", "1", "2"]
    assert all(ran.count(str(int(name))) == 1 for name in before)
    subprocess.run(command, env=environment, check=True)
    assert notes.read_text().split()[1::2] == ran
    again = study_folder.read(out)
    assert msgspec.json.encode(again.trials) == msgspec.json.encode(study.trials)


def _trained(out):
    return list(out.glob("trials/*/trained.json"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": "gone.npz"}, "gone.npz: no such file"),
        ({"metric": "nonsense"}, "unknown metric 'nonsense'"),
        ({"target": []}, "no target is named"),
        ({"build": None}, "build is nothing, and no function"),
        ({"build": 3}, "build is 3, and no function"),
        ({"build": "mine:"}, "'mine:' is no function"),
        ({"train": {}}, "train is {}, and no function"),
        ({"objectives": "speed"}, "there is no objective 'speed'"),
        ({"form": "nosuch"}, "no form of this-machine is called 'nosuch'"),
        ({"task": "nosuch"}, "unknown task 'nosuch'"),
    ],
)
def test_what_no_trial_could_be_judged_by_is_refused_before_one_is_trained(
    tmp_path, changes, words
):
    def train(model, trial, report):
        raise AssertionError("nothing is trained")

    usual = {"build": nets.build, "train": train, "data": nets.judged(), "target": "this-machine"}
    with pytest.raises(BadInput, match=words):
        edgeopt.tune(out=tmp_path / "study", **{**usual, **changes})
    assert not (tmp_path / "study" / "trials").exists()
