"""A study's storage, written behind the call that uses it."""

import threading

import optuna
import pytest
from optuna.exceptions import StorageInternalError

from edgeopt.domain.errors import CannotWrite
from edgeopt.tuning import ledger as ledgers
from edgeopt.tuning.ledger import Ledger


class Slow(optuna.storages.InMemoryStorage):
    """Every change of a trial waits until it is let through; what fails, fails so often."""

    def __init__(self):
        super().__init__()
        self.go, self.fails, self.tried = threading.Event(), 0, 0

    def set_trial_user_attr(self, trial_id, key, value):
        self.go.wait()
        self.tried += 1
        if self.tried <= self.fails:
            raise StorageInternalError("server closed the connection")
        super().set_trial_user_attr(trial_id, key, value)


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
def opened(slow):
    made = []

    def open_study(behind=True):
        made.append(Ledger(slow, "there", behind))
        made[-1].born = {"owner": "me"}
        return made[-1], optuna.create_study(storage=made[-1], study_name="one")

    yield open_study
    slow.go.set()
    for one in made:
        one.close()


def test_nothing_waits_for_the_storage_and_all_of_it_gets_there_in_order(slow, opened):
    kept, study = opened()
    done = []
    trial = study.ask()
    assert trial.suggest_int("width", 1, 9) == trial.params["width"]
    trial.set_user_attr("record", "r")
    trial.report(0.5, 3)
    study.tell(trial, 2.0)
    kept.then(lambda: done.append(slow.get_trial(0).state))
    [here] = study.get_trials()
    assert (here.values, here.user_attrs) == ([2.0], {"owner": "me", "record": "r"})
    assert slow.get_trial(0).user_attrs == {"owner": "me"}  # from its first moment
    assert done == []
    slow.go.set()
    kept.flush()
    there = slow.get_trial(0)
    assert (there.values, there.user_attrs, there.params) == (
        here.values, here.user_attrs, here.params,
    )  # fmt: skip
    assert (there.intermediate_values, there.state) == ({3: 0.5}, here.state)
    assert done == [optuna.trial.TrialState.COMPLETE]


def test_without_writing_behind_all_is_there_at_once(slow, opened):
    _, study = opened(behind=False)
    slow.go.set()
    trial = study.ask()
    trial.set_user_attr("record", "r")
    assert slow.get_trial(0).user_attrs["record"] == "r"


def test_a_choice_that_changed_is_refused_where_it_is_asked(opened):
    _, study = opened()
    study.ask().suggest_categorical("kind", ["a", "b"])
    with pytest.raises(ValueError, match="CategoricalDistribution"):
        study.ask().suggest_categorical("kind", ["a", "c"])


def test_trials_of_others_are_seen_after_a_while(slow, opened, monkeypatch):
    monkeypatch.setattr(ledgers, "LOOK_S", 0.0)
    kept, study = opened()
    study.ask()
    slow.go.set()
    other = optuna.load_study(study_name="one", storage=slow)
    other.tell(other.ask(), 7.0)
    study.get_trials()
    kept.flush()
    assert [one.number for one in study.get_trials()] == [0, 1]
    assert study.get_trials()[1].values == [7.0]


def test_a_database_that_is_gone_for_a_while_is_waited_for(slow, opened, monkeypatch):
    monkeypatch.setattr(ledgers, "AGAIN_S", 0.01)
    kept, study = opened()
    slow.fails = 3
    study.ask().set_user_attr("record", "r")
    slow.go.set()
    kept.flush()
    assert slow.get_trial(0).user_attrs["record"] == "r"
    assert slow.tried == 4


def test_one_that_does_not_come_back_ends_the_call_in_one_sentence(slow, opened, monkeypatch):
    monkeypatch.setattr(ledgers, "AGAIN_S", 0.01)
    monkeypatch.setattr(ledgers, "RETURN_S", 0.05)
    kept, study = opened()
    slow.fails = 10**6
    trial = study.ask()
    trial.set_user_attr("record", "r")
    slow.go.set()
    with pytest.raises(CannotWrite, match=r"the storage there was lost: .*closed the connection"):
        kept.flush()
    with pytest.raises(CannotWrite):
        trial.set_user_attr("record", "s")


def test_a_mistake_in_what_follows_is_raised_as_itself(slow, opened):
    kept, _ = opened()
    kept.then(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        kept.flush()
