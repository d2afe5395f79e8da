"""The user's functions in their own process: what they do wrong is one sentence each."""

import os
import time
from pathlib import Path

import pytest
import torch

from edgeopt.domain.errors import BadInput
from edgeopt.tuning import user_trial
from edgeopt.tuning.user_side import UserSide, name_of
from tests.tuning import nets


class Listener:
    """Takes the middle of every range."""

    def __init__(self, go=True, stop_at=None):
        self.go, self.stop_at = go, stop_at
        self.asked, self.paths, self.reports = [], [], []

    def suggest(self, asked):
        self.asked.append(asked["name"])
        if asked["sort"] == "categorical":
            return asked["choices"][0]
        if asked["low"] > asked["high"]:
            raise ValueError("`low` is above `high`")
        return asked["low"]

    def built(self, path):
        self.paths.append(path)
        return self.go

    def report(self, step, score):
        self.reports.append((step, score))
        return self.stop_at is not None and step >= self.stop_at


def raises(trial):
    raise KeyError("width")


def nothing(trial):
    return None


def a_number(trial):
    return 3


def wrong_range(trial):
    return trial.suggest_int("x", 5, 1)


def no_arguments():
    return None


def diverges(model, trial, report):
    report(0, 0.5)
    try:
        report(1, float("nan"))
    except Exception:  # what a user's code swallows does not swallow the end
        return model
    return model


def reports_on(model, trial, report):
    for step in range(5):
        report(step, step / 10)
    return model


def dies(model, trial, report):
    os.abort()


def sleeps(model, trial, report):
    time.sleep(60)


def odd(trial):
    """Choices that are no plain values."""
    made = trial.suggest_categorical("layer", [nets.build, nets.train])
    assert made is nets.build
    return nets.build(trial)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Runs one trial of functions, and tells how it ended."""
    folder = tmp_path_factory.mktemp("user")

    def run(build, train=None, listener=None, limit_s=60.0):
        with UserSide(build, train, folder / "user.log", limit_s) as side:
            place = folder / str(time.monotonic_ns())
            return side.trial(0, 0, place, "", listener or Listener())

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("build", "train", "where", "kind", "words"),
    [
        (raises, None, "build", "error", "build failed: KeyError: 'width' (test_user_side.py"),
        (nothing, None, "build", "no-model", "build returns nothing, and no model"),
        (a_number, None, "build", "no-model", "build returns 3"),
        (wrong_range, None, "build", "error", "`low` is above `high`"),
        (no_arguments, None, "build", "error", "build failed: TypeError"),
        (nets.build, diverges, "train", "diverged", "train reported nan at step 1"),
        (nets.build, dies, "train", "died", "SIGABRT"),
    ],
)
def test_what_the_functions_do_wrong_is_one_sentence(ended, build, train, where, kind, words):
    ending = ended(build, train)
    assert (ending.say, ending.where, ending.kind) == ("failed", where, kind)
    assert words in ending.message
    assert "\n" not in ending.message


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ([lambda: 1, lambda: 2], "two choices of 'layer' are called '<lambda>'"),
        ([object(), nets.build], "a choice of 'layer' is known by its address alone: <object obj"),
        (["build", nets.build], "two choices of 'layer' are called 'build'"),
    ],
)
def test_choices_that_would_not_be_found_again_are_refused(choices, words):
    trial = user_trial.Trial(lambda told: {"value": told["choices"][0]}, 0)
    with pytest.raises(user_trial.Ended) as ended:
        trial.suggest_categorical("layer", choices)
    assert words in ended.value.told["message"]
    assert "among strings" in ended.value.told["hint"]


@pytest.mark.parametrize(
    ("step", "score", "words"),
    [
        (0, None, "train reported nothing as a score, which is no number"),
        (0, "good", "train reported 'good' as a score"),
        (0, [1.0, 2.0], "train reported [1.0, 2.0] as a score"),
        ("a", 0.5, "train reported 'a' as a step, which is no whole number from 0 on"),
        (-1, 0.5, "train reported -1 as a step"),
        (0.5, 0.5, "train reported 0.5 as a step"),
        (float("inf"), 0.5, "train reported inf as a step"),
    ],
)
def test_a_report_that_means_nothing_ends_the_trial_in_words(step, score, words):
    with pytest.raises(user_trial.Ended) as ended:
        user_trial.reporter(lambda told: {"stop": False})(step, score)
    assert (ended.value.told["where"], ended.value.told["kind"]) == ("train", "error")
    assert words in ended.value.told["message"]


def test_a_tensor_of_one_value_is_a_score_and_a_whole_float_a_step():
    told = []
    report = user_trial.reporter(lambda one: told.append(one) or {"stop": False})
    report(2.0, torch.tensor([0.5]))
    assert told == [{"say": "report", "step": 2, "score": 0.5}]
    with pytest.raises(user_trial.Ended) as ended:
        report(3, torch.tensor([0.5, 0.6]))
    assert "which is no number" in ended.value.told["message"]


@pytest.mark.slow
def test_one_that_takes_too_long_is_ended(ended):
    ending = ended(nets.build, sleeps, limit_s=8.0)
    assert ending.kind == "timeout"
    assert "longer than 8 s" in ending.message


@pytest.mark.slow
def test_a_process_lives_on_and_is_started_again_after_it_died(tmp_path):
    """A good trial, one whose training is stopped, one not trained, and one after a death."""
    with UserSide(nets.build, reports_on, tmp_path / "log", 60.0) as side:
        first = side.trial(0, 0, tmp_path / "0", "", listener := Listener())
        assert (first.say, len(listener.reports)) == ("trained", 5)
        assert Path(first.path).is_file()
        assert Path(listener.paths[0]).is_file()
        process = side._process
        stopped = side.trial(1, 0, tmp_path / "1", "", listener := Listener(stop_at=2))
        assert (stopped.say, len(listener.reports)) == ("pruned", 3)
        left = side.trial(2, 0, tmp_path / "2", "", listener := Listener(go=False))
        assert (left.say, listener.reports) == ("left", [])
        assert side._process is process
        process.kill()
        process.wait()
        assert side.trial(3, 0, tmp_path / "3", "", Listener()).say == "trained"


@pytest.mark.slow
def test_functions_are_handed_over_by_name_or_by_value(ended):
    width = 4

    def closure(trial):
        return nets.save(width, __import__("numpy").zeros((width, 10)))

    assert ended(closure, lambda model, trial, report: None).say == "trained"
    assert ended("tests.tuning.nets:build").say == "trained"
    assert ended(odd).say == "trained"
    assert name_of(nets.build) == "tests.tuning.nets:build"


@pytest.mark.slow
@pytest.mark.parametrize("reference", ["tests.tuning.nets:nosuch", "no_such_module:build"])
def test_functions_that_there_are_not_are_refused(tmp_path, reference):
    with UserSide(reference, None, tmp_path / "log", 60.0) as side, pytest.raises(BadInput) as told:
        side.start()
    assert reference.split(":")[1] in str(told.value) or "no_such_module" in str(told.value)
