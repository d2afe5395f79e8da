"""What the user's functions do to the process that they run in."""

import functools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression
from torch import nn, zeros

from edgeopt.tuning import user_process
from edgeopt.tuning.user_side import UserSide
from tests.tuning import nets
from tests.tuning.test_user_side import Listener

GIB = 1 << 30


def answers(message):
    return {"go": True, "stop": False, "value": 8}


def run(folder, build, train=None, say=answers):
    asked = {"number": 0, "seed": 0, "folder": str(folder), "example": ""}
    return user_process.run_trial(say, {"build": build, "train": train}, asked)


def steps(*_):
    yield 1


async def later(*_):
    return 1


def linear(trial):
    return nn.Linear(2, 1), zeros(1, 2)


def fills(model, trial, report):
    nn.init.constant_(model.weight, 7.0)
    return "loss 0.1"


@pytest.mark.parametrize(
    ("build", "words", "hint"),
    [
        (lambda trial: [1, 2], "build returns a list, and no model", "A model is"),
        (lambda trial: dict, "build returns the class dict", "Make one of it"),
        (lambda trial: (1, 2, 3), "build returns a tuple", "A model is"),
        (lambda trial: [nn.Linear(2, 1), 3], "build returns a list", "(model, example_inputs)"),
        (lambda trial: __file__, "build returns '/", "return pathlib.Path"),
        (lambda trial: (None, 3), "build returns nothing, and no model", "A model is"),
        (steps, "build has a yield: nothing of it ran", "no yield"),
    ],
)
def test_what_build_returns_is_told_where_it_is_no_model(tmp_path, build, words, hint):
    told = run(tmp_path, build)
    assert (told["say"], told["where"], told["kind"]) == ("failed", "build", "no-model")
    assert told["message"].startswith(words)
    assert hint in told["hint"]


@pytest.mark.filterwarnings("ignore:coroutine")
def test_an_async_build_is_told_so(tmp_path):
    assert run(tmp_path, later)["message"] == "build is an async function: nothing of it ran"


def test_an_estimator_that_train_did_not_fit_is_told_so(tmp_path):
    told = run(tmp_path, lambda trial: LogisticRegression(), lambda model, trial, report: None)
    assert told["message"] == "train did not fit the LogisticRegression"
    told = run(tmp_path, lambda trial: LogisticRegression())
    assert told["message"].startswith("there is no train, and build did not fit the Logistic")


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (functools.partial(nets.build, None), "build failed: TypeError: build() takes 1"),
        (Path, "build failed: TypeError: "),
        (lambda: None, "build failed: TypeError: "),
    ],
)
def test_a_function_that_does_not_take_a_trial_is_the_users(tmp_path, build, words):
    told = run(tmp_path, build)
    assert (told["say"], told["where"]) == ("failed", "build")
    assert told["message"].startswith(words)


def test_a_mistake_of_edgeopts_own_stays_one(tmp_path, monkeypatch):
    monkeypatch.setattr(user_process, "written", lambda *asked: {}["no"])
    told = run(tmp_path, lambda trial: Path("net.onnx"))
    assert told["say"] == "failed"  # arose in this file
    monkeypatch.setattr(user_process, "seed_all", None)
    assert run(tmp_path, lambda trial: Path("net.onnx"))["say"] == "own"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SystemExit(), "train called sys.exit() (test_user_process.py:"),
        (SystemExit("no GPU"), "train called sys.exit('no GPU') ("),
        (ValueError("bad \ud800 name"), "train failed: ValueError: bad \\ud800 name ("),
    ],
)
def test_how_train_ends_is_told_in_clean_words(tmp_path, error, words):
    def train(model, trial, report):
        raise error

    (tmp_path / "net.onnx").write_bytes(b"")
    told = run(tmp_path, lambda trial: tmp_path / "net.onnx", train)
    assert (told["say"], told["where"], told["kind"]) == ("failed", "train", "error")
    assert told["message"].startswith(words)


def test_where_a_question_was_refused_is_told(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"")
    told = run(
        tmp_path,
        lambda trial: tmp_path / "net.onnx",
        lambda m, trial, r: trial.suggest_int(3, 1, 2),
    )
    assert (told["where"], told["kind"]) == ("train", "error")


@pytest.mark.slow
def test_a_module_that_was_trained_in_place_is_written_as_it_is_then(tmp_path):
    import torch

    told = run(tmp_path, linear, fills)
    assert told["say"] == "trained"
    state = torch.export.load(told["path"]).state_dict
    assert state["weight"].tolist() == [[7.0, 7.0]]


def in_trial(number):
    """Makes a `train` of something that it does in the trial of that number."""

    def around(act):
        def train(model, trial, report):
            if trial.number == number:
                act(report)
            return nets.train(model, trial, report)

        return train

    return around


@in_trial(0)
def waits_for_words(report):
    assert subprocess.run(["cat"], capture_output=True, check=True).stdout == b""
    subprocess.Popen(["cat"], stdout=subprocess.DEVNULL)
    input("go on? ")


@in_trial(0)
def closes_stdin(report):
    sys.stdin.close()


@in_trial(0)
def leaves_a_thread(report):
    def late():
        for step in range(100):
            time.sleep(0.02)
            report(step, 0.5)

    threading.Thread(target=late).start()


@in_trial(1)
def rests(report):
    time.sleep(0.5)


@in_trial(0)
def forks(report):
    os.fork()


@in_trial(0)
def takes_all(report):
    bytearray(64 * GIB)


@pytest.fixture
def trials(tmp_path):
    """Two trials of a `train`, in one process, and what was reported in each."""

    def run(train):
        endings, reports = [], []
        with UserSide(nets.build, train, tmp_path / "user.log", 60.0) as side:
            for number in range(2):
                listener = Listener()
                ending = side.trial(number, 0, tmp_path / str(number), "", listener)
                endings.append(ending)
                reports.append(listener.reports)
        return endings, reports

    return run


@pytest.mark.slow
def test_stdin_is_at_its_end_and_the_protocol_is_not_on_it(trials):
    [first, second], _ = trials(waits_for_words)
    assert first.message.startswith("train failed: EOFError: EOF when reading a line (test_user_")
    assert first.user_s < 30
    assert second.say == "trained"
    [first, second], _ = trials(closes_stdin)
    assert (first.say, second.say) == ("trained", "trained")


@pytest.mark.slow
def test_a_thread_that_train_left_does_not_speak_in_the_next_trial(trials, tmp_path):
    def train(model, trial, report):
        return (rests if trial.number else leaves_a_thread)(model, trial, report)

    endings, reports = trials(train)
    assert [one.say for one in endings] == ["trained", "trained"]
    assert [step for step, _ in reports[1]] == [0]
    assert "trial 0 is over" in (tmp_path / "user.log").read_text()


@pytest.mark.slow
def test_a_forked_copy_of_the_process_ends_without_a_word(trials):
    endings, reports = trials(forks)
    assert [one.say for one in endings] == ["trained", "trained"]
    assert [len(one) for one in reports] == [1, 1]


@pytest.mark.slow
def test_want_of_memory_names_the_limit(trials, monkeypatch):
    monkeypatch.setenv("EDGEOPT_MEMORY_GIB", "2")
    [first, second], _ = trials(takes_all)
    assert first.message.startswith("needed more memory than 2 GiB, its limit here: train failed:")
    assert "EDGEOPT_MEMORY_GIB" in first.hint
    assert second.say == "trained"
