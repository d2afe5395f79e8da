"""A grid whose trials fail, are lost or are still being built: every combination, once."""

import optuna
import pytest
from optuna.trial import TrialState

from edgeopt.domain.errors import BadInput
from edgeopt.tuning import grid_sampler, samplers
from edgeopt.tuning.grid_sampler import BARREN, BUILT

ALL = [(width, depth) for width in (1, 2) for depth in (1, 2, 3)]


@pytest.fixture
def study():
    return optuna.create_study(sampler=samplers.make("grid", 0, ("score",)))


def drawn(trial):
    return trial.suggest_categorical("width", [1, 2]), trial.suggest_int("depth", 1, 3)


def rest(study):
    """The combinations of all trials from here on."""
    found = []
    while grid_sampler.is_anything_left(study, 0):
        assert len(found) < 20
        trial = study.ask()
        found.append(drawn(trial))
        study.tell(trial, 0.0)
    return found


@pytest.mark.parametrize("before", [0, 1, 4])
def test_one_that_fails_before_it_asks_takes_nothing(study, before):
    found = []
    for _ in range(before):
        trial = study.ask()
        found.append(drawn(trial))
        study.tell(trial, 0.0)
    study.tell(study.ask(), state=TrialState.FAIL)
    assert sorted(found + rest(study)) == ALL


def test_one_that_fails_between_two_questions_takes_nothing_where_others_go_on(study):
    trials = [study.ask() for _ in range(3)]
    width = [trial.suggest_categorical("width", [1, 2]) for trial in trials]
    assert len(set(width)) == 2
    other = next(n for n in range(3) if width.count(width[n]) == 2)
    study.tell(trials.pop(other), state=TrialState.FAIL)
    found = [drawn(trial) for trial in trials]
    for trial in trials:
        study.tell(trial, 0.0)
    assert sorted(found + rest(study)) == ALL


def test_a_branch_that_is_only_begun_is_not_the_end(study):
    """One trial is being built where none was before, and all others have ended."""
    open_one = study.ask()
    first = open_one.suggest_categorical("width", [1, 2])
    found = []
    for _ in range(3):
        trial = study.ask()
        found.append(drawn(trial))
        study.tell(trial, 0.0)
    assert {width for width, _ in found} == {3 - first}
    assert not grid_sampler.is_anything_left(study)  # it may be all that there is
    found.append(drawn(open_one))
    open_one.set_user_attr(BUILT, True)
    assert grid_sampler.is_anything_left(study)
    study.tell(open_one, 0.0)
    assert sorted(found + rest(study)) == ALL


def test_where_every_trial_fails_before_it_asks_it_ends(study):
    for _ in range(BARREN):
        assert grid_sampler.is_anything_left(study, 0)
        study.tell(study.ask(), state=TrialState.FAIL)
    assert not grid_sampler.is_anything_left(study, 0)
    assert grid_sampler.is_anything_left(study, 0, since=BARREN)  # a later call, of what was mended


@pytest.mark.parametrize("state", [TrialState.COMPLETE, TrialState.PRUNED])
def test_a_build_that_asks_nothing_is_tried_once(study, state):
    assert grid_sampler.is_anything_left(study, 0)
    study.tell(study.ask(), 0.0 if state == TrialState.COMPLETE else None, state=state)
    assert not grid_sampler.is_anything_left(study, 0)


def test_a_range_of_floats_without_a_step_is_refused_with_what_to_write(study):
    trial = study.ask()
    with pytest.raises(ValueError, match=r"needs a step for 'rate': suggest_float\('rate', low, "):
        trial.suggest_float("rate", 0.0, 1.0)
    assert trial.suggest_float("rate", 0.0, 1.0, step=0.5) in (0.0, 0.5, 1.0)


def test_a_range_of_floats_that_is_one_value_needs_no_step(study):
    while grid_sampler.is_anything_left(study, 0):
        trial = study.ask()
        assert trial.suggest_float("same", 1.0, 1.0) == 1.0
        study.tell(trial, trial.suggest_int("depth", 1, 3))
    assert sorted(one.params["depth"] for one in study.trials) == [1, 2, 3]


def test_it_does_not_go_on_where_floats_were_drawn_without_a_step(study):
    study.sampler = optuna.samplers.RandomSampler(seed=0)
    trial = study.ask()
    study.tell(trial, trial.suggest_float("rate", 0.1, 1.0))
    study.sampler = samplers.make("grid", 0, ("score",))
    with pytest.raises(BadInput, match="a grid cannot go on with the trials that there are"):
        grid_sampler.is_anything_left(study, 0)
