"""Answers that travel with a trial: parameters only when the build has asked for them.

The worker's end and the call's are the real ones; between them messages go as Dask packs them.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import msgspec
import optuna
import pytest
from optuna.trial import TrialState

from edgeopt.tuning import grid_sampler, samplers
from edgeopt.tuning.foreseen import AFTER, Foreseen
from edgeopt.tuning.ledger import Ledger
from edgeopt.tuning.open_trial import Open
from edgeopt.tuning.remote_trial import RemoteTrial

SLOW = ("gp", "cma-es", "auto")
NAMES = [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in samplers.SAMPLERS]


@dataclass
class Link:
    """Brings what a worker says to the call's end, which does with it what the crew does."""

    one: Open
    search: Any
    used: int = 0
    asked: list[str] = field(default_factory=list)

    def ask(self, say, **message):
        self.asked.append(message["name"])
        return self.tell(say, **message)

    def tell(self, say, **message):
        packed = msgspec.msgpack.encode({"say": say, "used": self.used, **message})
        heard = msgspec.msgpack.decode(packed)
        self.one.used(heard["used"])
        return self.one.reply(heard, self.search)


class Call:
    """A study's end of the call, and its trials."""

    def __init__(self, sampler, objectives=1):
        self.storage = optuna.storages.InMemoryStorage()
        self.ledger = Ledger(self.storage, "there", behind=False)
        self.study = optuna.create_study(
            storage=self.ledger, sampler=sampler, directions=["minimize"] * objectives
        )
        self.search = SimpleNamespace(
            ledger=self.ledger, foreseen=Foreseen(), sampling=samplers.Sampling(sampler)
        )

    def begin(self):
        """A trial that is sent to a worker: our end of it, the link, and the worker's end."""
        return self.send(Open(self.study.ask(), None))

    def send(self, one):
        one.attempts += 1
        link = Link(one, self.search)
        ahead = one.ahead(self.search)
        return one, link, RemoteTrial(link, one.trial.number, dict(one.trial.params), ahead)

    def registered(self, one):
        """Its parameters as the storage, the ledger and Optuna's own trial have them."""
        found = [dict(kept.get_trial(one.trial._trial_id).params)
                 for kept in (self.storage, self.ledger)]  # fmt: skip
        found.append(dict(one.trial.params))
        assert found[0] == found[1] == found[2]
        return found[0]

    def whole(self, build):
        """One trial to its end; which questions went to the call, and what it had."""
        one, link, remote = self.begin()
        assert self.registered(one) == {}
        told = build(remote)
        remote.built()
        assert self.registered(one) == told == remote.params
        self.study.tell(one.trial, [float(sum(map(float, told.values())))] * len(
            self.study.directions))  # fmt: skip
        return link.asked, told


def plain(trial):
    return {
        "width": trial.suggest_int("width", 1, 4),
        "kind": trial.suggest_categorical("kind", [0, 1, 2]),
        "rate": trial.suggest_float("rate", 0.1, 0.4, step=0.1),
    }


def numbers(trial):
    return {name: trial.suggest_int(name, 0, 9) for name in "xyz"}


def dependent(trial):
    """A range that depends on a value, and a name that does; the first builds look alike."""
    found = {"a": trial.suggest_int("a", 0, 2)}
    found["b"] = trial.suggest_int("b", 0, 2 if trial.number < AFTER else found["a"])
    name = "even" if trial.number < AFTER or found["b"] % 2 == 0 else "odd"
    found[name] = trial.suggest_int(name, 5, 6)
    return found


def made(name):
    if name == "cma-es":
        pytest.importorskip("cmaes", reason="needs the package cmaes: pip install cmaes")
    return samplers.make(name, 0, ("score",))


@pytest.mark.parametrize("build", [plain, numbers])
@pytest.mark.parametrize("name", NAMES)
def test_a_sampler_draws_what_it_draws_without(name, build):
    """And all is answered ahead, from when the questions are known."""
    call = Call(made(name))
    usual = optuna.create_study(sampler=made(name))
    for number in range(14):
        asked, told = call.whole(build)
        assert number < AFTER or asked == []
        trial = usual.ask()
        assert build(trial) == told
        usual.tell(trial, float(sum(map(float, told.values()))))


@pytest.mark.parametrize("name", [n for n in NAMES if n.values[0] != "grid"])
def test_what_depends_on_an_answer_is_right(name):
    call = Call(made(name))
    trials = [call.whole(dependent) for _ in range(24)][AFTER:]
    assert all(0 <= told["b"] <= told["a"] <= 2 for _, told in trials)
    assert all(("odd" in told) == (told["b"] % 2 == 1) for _, told in trials)
    assert all(len(asked) < len(told) for asked, told in trials)  # the first is as before


def branching(trial):
    found = {"kind": trial.suggest_int("kind", 1, 4)}
    if found["kind"] < 4:
        return {**found, "width": trial.suggest_categorical("width", [8, 16])}
    found["depth"] = trial.suggest_int("depth", 1, 2)
    for layer in range(found["depth"]):
        found[f"kernel{layer}"] = trial.suggest_int(f"kernel{layer}", 1, 2)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_a_grid_that_branches_has_each_combination_once(seed):
    call = Call(samplers.make("grid", seed, ("score",)))
    seen, silent = [], 0
    while grid_sampler.is_anything_left(call.study, 0):
        asked, told = call.whole(branching)
        seen.append(str(told))
        silent += asked == []
    assert len(seen) == len(set(seen)) == 12
    assert silent >= 3


def learned(call, build, count=AFTER):
    for _ in range(count):
        call.whole(build)


@pytest.mark.parametrize("asked", [0, 1, 3])
def test_a_trial_that_is_lost_is_told_the_same_again(asked):
    """Lost after so many questions, before anything was said of them."""
    call = Call(made("random"))
    learned(call, numbers)
    one, link, remote = call.begin()
    first = [remote.suggest_int(name, 0, 9) for name in "xyz"[:asked]]
    assert call.registered(one) == {}
    one, link, remote = call.send(one)
    assert remote.params == {}
    told = numbers(remote)
    assert list(told.values())[:asked] == first
    remote.built()
    assert link.asked == []
    assert call.registered(one) == told


def test_a_trial_that_is_lost_after_it_asked_otherwise_goes_on_with_what_it_has():
    call = Call(made("random"))
    learned(call, numbers)
    one, _, remote = call.begin()
    x, other = remote.suggest_int("x", 0, 9), remote.suggest_int("y", 3, 4)
    assert call.registered(one) == {"x": x, "y": other}
    one, link, remote = call.send(one)
    assert [remote.suggest_int("x", 0, 9), remote.suggest_int("y", 3, 4)] == [x, other]
    assert link.asked == []
    assert 0 <= remote.suggest_int("z", 0, 9) <= 9
    assert link.asked == ["z"]


def test_what_was_used_is_registered_with_the_next_question_and_the_rest_is_forgotten():
    call = Call(made("random"))
    learned(call, numbers)
    one, link, remote = call.begin()
    x = remote.suggest_int("x", 0, 9)
    assert call.registered(one) == {}
    assert 100 <= remote.suggest_int("y", 100, 109) <= 109  # as foreseen but for its range
    assert list(call.registered(one)) == ["x", "y"]
    assert call.registered(one)["x"] == x
    remote.suggest_int("z", 0, 9)  # as foreseen, and no longer
    assert link.asked == ["y", "z"]


def test_what_the_build_did_not_ask_is_no_parameter_and_is_not_told_to_train():
    call = Call(made("random"))
    learned(call, numbers)
    one, link, remote = call.begin()
    x = remote.suggest_int("x", 0, 9)
    remote.built()
    assert call.registered(one) == {"x": x}
    remote.suggest_int("y", 0, 9)
    assert link.asked == ["y"]
    assert list(call.registered(one)) == ["x", "y"]


def test_a_trial_that_ends_early_has_what_it_used():
    """Its end may be heard before what it said last: it tells how many answers it used, too."""
    call = Call(made("random"))
    learned(call, numbers)
    one, link, remote = call.begin()
    told = numbers(remote)
    one.used(link.used)
    assert call.registered(one) == told
    one.used(link.used)
    call.study.tell(one.trial, state=TrialState.FAIL)
    assert call.storage.get_trial(one.trial._trial_id).params == told


def test_a_value_that_a_trial_was_begun_with_is_what_it_is_told():
    call = Call(made("tpe"))
    learned(call, numbers)
    call.study.enqueue_trial({"y": 4})
    one, _, remote = call.begin()
    assert numbers(remote)["y"] == 4
    remote.built()
    assert call.registered(one)["y"] == 4


class Noting(optuna.samplers.RandomSampler):
    """It keeps what it draws in the storage."""

    def sample_independent(self, study, trial, name, distribution):
        study._storage.set_trial_system_attr(trial._trial_id, name, "drawn")
        return super().sample_independent(study, trial, name, distribution)


def test_a_sampler_that_writes_what_it_draws_is_not_asked_ahead():
    call = Call(Noting(seed=0))
    learned(call, numbers)
    one, link, remote = call.begin()
    assert call.ledger.get_trial_system_attrs(one.trial._trial_id) == {}
    numbers(remote)
    assert link.asked == ["x", "y", "z"]
    assert set(call.ledger.get_trial_system_attrs(one.trial._trial_id)) == set("xyz")


def test_two_trials_that_are_drawn_before_either_says_anything_are_told_by_one_sampler():
    """A Gaussian process, or a random draw: nothing of one is seen as the other's."""
    call = Call(made("random"))
    learned(call, numbers)
    first, second = call.begin(), call.begin()
    one, two = numbers(first[2]), numbers(second[2])
    second[2].built()
    first[2].built()
    assert call.registered(first[0]) == one
    assert call.registered(second[0]) == two
    assert one != two
