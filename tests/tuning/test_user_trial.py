"""What a trial suggests, and how a question is refused that means nothing."""

import json
import os
import threading

import numpy as np
import pytest
import torch

from edgeopt.tuning import suggestion
from edgeopt.tuning.user_trial import Ended, Over, Talk, Trial, clean

NAN, INF = float("nan"), float("inf")


def lowest(asked):
    """Answers as the other process does, of what came through JSON."""
    asked = json.loads(json.dumps(asked))
    return {"value": asked["choices"][0] if asked["sort"] == "categorical" else asked["low"]}


def made():
    return Trial(lowest, 0)


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [(1, 9, 1), (np.int64(1), np.int32(9), np.int8(2)), (1.0, np.array(9), torch.tensor(2))],
)
def test_whole_numbers_of_any_kind_are_bounds(low, high, step):
    value = made().suggest_int("k", low, high, step=step)
    assert (type(value), value) == (int, 1)


def test_numbers_of_any_kind_are_bounds_of_floats():
    value = made().suggest_float("k", np.float32(0.5), np.int64(2), step=np.float64(0.5))
    assert (type(value), value) == (float, 0.5)


@pytest.mark.parametrize(
    ("choices", "first"),
    [
        (np.array([2, 3]), 2), ([np.int64(2), np.int64(3)], 2), (range(2, 4), 2), ((2.5, 3), 2.5),
        (np.array(["a", "b"]), "a"), ([np.float32(0.5)], 0.5), ([np.bool_(True), False], True),
        ([None, "a"], None), (torch.tensor([2, 3]), 2),
    ],
)  # fmt: skip
def test_choices_are_told_as_plain_values(choices, first):
    asked = []
    trial = Trial(lambda one: asked.append(one) or lowest(one), 0)
    value = trial.suggest_categorical("k", choices)
    assert (type(value), value) == (type(first), first)
    assert trial.params == {"k": first}
    assert asked[0]["choices"][0] == first


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda t: t.suggest_float("k", 0, INF), "high of 'k' is inf, which is no finite number."),
        (lambda t: t.suggest_float("k", NAN, 1), "low of 'k' is nan, which is no finite number."),
        (lambda t: t.suggest_float("k", 0, 1, step="a"), "step of 'k' is 'a', which is no finite"),
        (lambda t: t.suggest_int("k", 0.5, 9), "low of 'k' is 0.5, which is no whole number."),
        (lambda t: t.suggest_int("k", "1", 9), "low of 'k' is '1', which is no whole number."),
        (lambda t: t.suggest_int("k", 0, 9, step=None), "step of 'k' is None, which is no whole"),
        (lambda t: t.suggest_int(3, 1, 9), "the name of a parameter is 3, which is no text."),
        (lambda t: t.suggest_float("k\ud800", 1, 9), "'k\\ud800', which is no text of Unicode."),
        (lambda t: t.suggest_categorical("k", {1, 2}), "the choices of 'k' are a set, which is no"),
        (lambda t: t.suggest_categorical("k", {"a": 1}), "the choices of 'k' are a dict"),
        (lambda t: t.suggest_categorical("k", (i for i in "ab")), "'k' are a generator, which"),
        (lambda t: t.suggest_categorical("k", [1.0, NAN]), "a choice of 'k' is NaN"),
        (lambda t: t.suggest_categorical("k", ["\ud800"]), "a choice of 'k' is '\\ud800', which"),
        (lambda t: t.suggest_categorical("k", ["a" * (1 << 20)]), "'k' takes more than 1 MiB."),
    ],
)
def test_a_question_that_means_nothing_ends_the_trial_in_words(ask, words):
    with pytest.raises(Ended) as ended:
        ask(made())
    told = ended.value.told
    assert (told["say"], told["kind"]) == ("failed", "error")
    assert words in told["message"]
    assert told["hint"]


def test_a_range_that_numpy_does_not_hold_is_refused_as_one():
    class Sampler:
        def suggest_float(self, *asked, **options):
            raise OverflowError("Range exceeds valid bounds")

    asked = {"sort": "float", "name": "k", "low": -1e308, "high": 1e308, "step": None, "log": False}
    with pytest.raises(ValueError, match="the range of 'k' is too wide: Range exceeds"):
        suggestion.put(Sampler(), asked)


def test_text_that_is_no_unicode_is_shown_as_python_writes_it():
    assert clean("bad \ud800 näme") == "bad \\ud800 näme"


def test_a_trial_that_is_over_says_nothing_more():
    said = []
    talk = Talk(lambda one: said.append(one) or {"value": 1}, 3)
    talk({"say": "a"})
    talk.end()
    with pytest.raises(Over, match="trial 3 is over"):
        talk({"say": "b"})
    assert said == [{"say": "a"}]


def test_threads_speak_one_after_the_other():
    speaking, most = 0, []

    def say(message):
        nonlocal speaking
        speaking += 1
        most.append(speaking)
        threading.Event().wait(0.001)
        speaking -= 1
        return {}

    talk = Talk(say, 0)
    threads = [threading.Thread(target=talk, args=({},)) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == [1] * 8


def test_a_forked_copy_says_nothing(capfd):
    said = []
    talk = Talk(said.append, 0)
    copy = os.fork()
    if not copy:
        talk({"say": "report"})
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1]) == 1
    assert "forked cannot report" in capfd.readouterr().err
