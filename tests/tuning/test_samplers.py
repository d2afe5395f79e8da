import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from edgeopt.domain.errors import BadInput, NotInstalled
from edgeopt.tuning import auto_sampler, grid_sampler, samplers
from edgeopt.tuning.auto_sampler import rule

NUMBERS = {"x": FloatDistribution(0, 1)}
WORDS = {**NUMBERS, "kind": CategoricalDistribution(["a", "b"])}


@pytest.mark.parametrize(
    ("space", "conditional", "complete", "objectives", "limits", "name"),
    [
        (NUMBERS, False, 0, 1, False, "random"),
        (NUMBERS, False, 1, 1, False, "gp"),
        (NUMBERS, False, 249, 1, True, "gp"),
        (NUMBERS, False, 250, 1, False, "cma-es"),
        (NUMBERS, False, 250, 1, True, "tpe"),
        (WORDS, False, 1, 1, False, "tpe"),
        (WORDS, False, 900, 1, False, "tpe"),
        (NUMBERS, True, 1, 1, False, "tpe"),
        (NUMBERS, False, 1, 2, False, "gp"),
        (NUMBERS, False, 1, 4, False, "tpe"),
        (WORDS, False, 1, 2, False, "tpe"),
        (WORDS, False, 250, 2, False, "nsga-ii"),
        (NUMBERS, False, 250, 3, False, "nsga-ii"),
        (NUMBERS, False, 250, 4, False, "nsga-iii"),
        (NUMBERS, True, 900, 2, False, "tpe"),
    ],
)
def test_the_default_follows_the_published_rule(
    space, conditional, complete, objectives, limits, name
):
    found = rule(
        space, conditional=conditional, complete=complete, objectives=objectives, limits=limits
    )
    assert found == name


def test_the_default_works_through_a_study_with_a_choice_in_it():
    study = optuna.create_study(sampler=samplers.make("auto", 0, ("score",)))
    for _ in range(6):
        trial = study.ask()
        x = trial.suggest_float("x", -1, 1)
        penalty = trial.suggest_categorical("kind", [0, 1])
        study.tell(trial, x * x + penalty)
    assert len(study.trials) == 6
    assert type(study.sampler._sampler).__name__ == "TPESampler"


def _bowl(study, count):
    """Trials of a bowl around (1, -2), as if a sampler had drawn them at random."""
    rng = np.random.default_rng(0)
    space = {axis: FloatDistribution(-4, 4) for axis in "xy"}
    for _ in range(count):
        x, y = rng.uniform(-4, 4, 2)
        value = (x - 1) ** 2 + (y + 2) ** 2
        study.add_trial(
            optuna.trial.create_trial(params={"x": x, "y": y}, distributions=space, value=value)
        )


def test_cma_es_begins_where_the_trials_before_it_were_good():
    pytest.importorskip("cmaes", reason="needs the package cmaes: pip install cmaes")
    study = optuna.create_study(sampler=samplers.make("auto", 0, ("score",)))
    _bowl(study, 250)
    values = []
    for _ in range(8):
        trial = study.ask()
        x, y = (trial.suggest_float(axis, -4, 4) for axis in "xy")
        values.append((x - 1) ** 2 + (y + 2) ** 2)
        study.tell(trial, values[-1])
    assert type(study.sampler._sampler).__name__ == "CmaEsSampler"
    assert sum(values) / 8 < 2  # from the middle of the space: 5 and more


@pytest.mark.parametrize("axes", ["xy", ""])
def test_cma_es_takes_over_where_a_parameter_has_a_single_value(axes):
    pytest.importorskip("cmaes", reason="needs the package cmaes: pip install cmaes")
    study = optuna.create_study(sampler=samplers.make("auto", 0, ("score",)))
    rng = np.random.default_rng(0)
    space = {**{axis: FloatDistribution(-4, 4) for axis in axes}, "depth": IntDistribution(3, 3)}
    for _ in range(250):
        params = {**{axis: rng.uniform(-4, 4) for axis in axes}, "depth": 3}
        value = sum(abs(params[axis]) for axis in axes)
        study.add_trial(optuna.trial.create_trial(params=params, distributions=space, value=value))
    trial = study.ask()
    assert trial.suggest_int("depth", 3, 3) == 3
    found = [trial.suggest_float(axis, -4, 4) for axis in axes]
    assert type(study.sampler._sampler).__name__ == "CmaEsSampler"
    assert sum(map(abs, found)) < 3  # it begins where the trials before it were good
    assert study.trials[0].params["depth"] == 3


@pytest.mark.parametrize(("objectives", "name"), [(2, "NSGAIISampler"), (4, "NSGAIIISampler")])
def test_an_evolution_begins_with_the_trials_before_it(monkeypatch, objectives, name):
    """The trials that TPE drew are the first generation; the next trial belongs to the second."""
    monkeypatch.setattr(auto_sampler, "MOST_TRIALS_OF_MODELS", 55)
    study = optuna.create_study(
        directions=["minimize"] * objectives, sampler=samplers.make("auto", 0, "ab")
    )
    for _ in range(56):
        trial = study.ask()
        kind = trial.suggest_categorical("kind", ["a", "b", "c"])
        study.tell(trial, [float(ord(kind))] * objectives)
    evolution = study.sampler._sampler
    assert type(evolution).__name__ == name
    assert len(evolution.get_population(study, 0)) == 55
    assert evolution.get_trial_generation(study, study.trials[-1]) == 1


def test_a_grid_takes_every_combination_once_and_says_that_it_is_done():
    study = optuna.create_study(sampler=samplers.make("grid", 0, ("score",)))
    seen = []
    while grid_sampler.is_anything_left(study):
        trial = study.ask()
        width = trial.suggest_categorical("width", [1, 2])
        seen.append((width, trial.suggest_int("depth", 1, 1 + width)))
        study.tell(trial, 0.0)
    assert sorted(seen) == [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3)]


@pytest.mark.parametrize("name", ["random", "tpe", "NSGA2", "nsga-iii", "bayesian"])
def test_samplers_are_had_by_name(name):
    study = optuna.create_study(
        directions=["minimize"] * 2, sampler=samplers.make(name, 0, ("score", "latency"))
    )
    for _ in range(3):
        trial = study.ask()
        study.tell(trial, (trial.suggest_float("x", 0, 1), trial.suggest_float("y", 0, 1)))
    assert len(study.best_trials) >= 1


def test_what_there_is_not_is_refused_with_what_there_is():
    with pytest.raises(BadInput) as told:
        samplers.make("annealing", 0, ("score",))
    assert "tpe" in told.value.hint
    with pytest.raises(BadInput, match="one objective"):
        samplers.make("cma-es", 0, ("score", "latency"))


def test_cma_es_says_which_package_it_needs():
    try:
        import cmaes  # noqa: F401
    except ImportError:
        with pytest.raises(NotInstalled) as told:
            samplers.make("cma-es", 0, ("score",))
        assert told.value.hint == "pip install cmaes"
    else:
        made = samplers.make("cma-es", 0, ("score",))
        assert type(made).__name__ == "CmaEsSampler"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gp", "cma-es"])
def test_samplers_that_learn_come_nearer_than_chance(name):
    """A bowl in two dimensions: the mean of the last trials is below that of random ones."""
    if name == "cma-es":
        pytest.importorskip("cmaes", reason="needs the package cmaes: pip install cmaes")

    def last(sampler):
        study = optuna.create_study(sampler=samplers.make(sampler, 3, ("score",)))
        values = []
        for _ in range(24):
            trial = study.ask()
            x, y = (trial.suggest_float(axis, -4, 4) for axis in "xy")
            values.append((x - 1) ** 2 + (y + 2) ** 2)
            study.tell(trial, values[-1])
        return sum(values[-6:]) / 6

    assert last(name) < 0.5 * last("random")


@pytest.mark.slow
def test_a_gaussian_process_learns_from_what_was_not_trained():
    """The larger the better, and the larger ones are beyond the limit: none is asked for twice."""
    study = optuna.create_study(sampler=samplers.make("gp", 0, ("score",)))

    def tried(width=None):
        if width is not None:
            study.enqueue_trial({"width": width})
        trial = study.ask()
        drawn = trial.suggest_int("width", 1, 64)
        trial.set_constraint("latency", drawn / 19.5 - 1)
        if drawn > 19:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            study.tell(trial, -float(drawn))
        return drawn

    for width in range(1, 20, 2):
        tried(width)
    drawn = [tried() for _ in range(4)]
    beyond = [width for width in drawn if width > 19]
    assert len(set(beyond)) == len(beyond), drawn
