"""What can be no limit on a device is refused before a search begins."""

import numpy as np
import optuna
import pytest

from edgeopt.domain.errors import BadInput
from edgeopt.tuning.device_limit import DeviceLimit
from edgeopt.tuning.optuna_search import Judge

DATA = {"X": np.zeros((4, 4), np.float32)}


@pytest.mark.parametrize("most", [0.0, -1.0, float("nan"), float("inf"), "5ms", True])
def test_a_limit_that_is_none_is_refused_when_it_is_made(most):
    with pytest.raises(BadInput, match="--max-latency must be"):
        DeviceLimit("this-machine", DATA, most)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"target": "nosuch"}, "nosuch"),
        ({"target": 3}, "target is 3, and a text is wanted"),
        ({"form": "nosuch"}, "no form of this-machine is called 'nosuch'"),
        ({"data": None}, "the data is nothing"),
        ({"data": "gone.npz"}, "gone.npz: no such file"),
        ({"data": {"X": [[1, 2], [3]]}}, "'X' is no array"),
        ({"device": 3}, "device is 3"),
        ({"cache": "no"}, "cache is 'no', and True or False is wanted"),
    ],
)
def test_what_nothing_could_be_measured_with_is_refused_when_it_is_made(changes, words):
    with pytest.raises(BadInput, match=words):
        DeviceLimit(**{"target": "this-machine", "data": DATA, **changes})


def test_a_judge_names_no_best_trial_of_several_objectives():
    study = optuna.create_study(directions=["minimize", "maximize"])
    judge = Judge(DeviceLimit("this-machine", DATA, 1.0))
    with pytest.raises(BadInput, match="the study has 2 objectives"):
        study.optimize(lambda trial: (1.0, 2.0), n_trials=1, callbacks=[judge])
