"""Rules for `refit` in searches of scikit-learn. Which tree takes how long is known here."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.tree import DecisionTreeClassifier

from edgeopt.domain.errors import BadInput
from edgeopt.domain.evaluation import Evaluation
from edgeopt.tuning.device_limit import DeviceLimit
from edgeopt.tuning.sklearn_search import best_within, fastest_within, scorers, within

DEPTHS = [1, 2, 4]
DATA = {"X": np.zeros((4, 4), np.float32)}


@dataclass(frozen=True)
class AsDeep(DeviceLimit):
    """A device on which a tree takes a millisecond for each level."""

    def measured(self, model, example_inputs=None):
        return Evaluation(target=self.target, device="", latency_ms=float(model.get_depth()))


def searched(kind, limit, refit, **settings):
    values, labels = load_iris(return_X_y=True)
    grid = {"max_depth": DEPTHS}
    tree = DecisionTreeClassifier(random_state=0)
    return kind(tree, grid, cv=3, scoring=scorers(limit), refit=refit, **settings).fit(
        values, labels
    )


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(GridSearchCV, {}), (RandomizedSearchCV, {"n_iter": 3, "random_state": 0})],
)
def test_the_best_within_the_limit_is_fitted_again(kind, settings):
    limit = AsDeep("this-machine", DATA, 2.5)
    found = searched(kind, limit, best_within(limit), **settings)
    assert found.best_params_ == {"max_depth": 2}  # four levels score better, and are too slow
    assert found.best_estimator_.get_depth() == 2


def test_the_fastest_that_loses_little_is_fitted_again():
    limit = AsDeep("this-machine", DATA)
    assert searched(GridSearchCV, limit, fastest_within(0.06)).best_params_ == {"max_depth": 2}
    assert searched(GridSearchCV, limit, fastest_within(0.9)).best_params_ == {"max_depth": 1}


def test_where_none_keeps_the_limit_the_fastest_is_named():
    limit = AsDeep("this-machine", DATA, 0.5)
    with pytest.raises(
        BadInput, match=r"none of 3 candidates keeps 0.5 ms; the fastest takes 1.00 ms"
    ):
        searched(GridSearchCV, limit, best_within(limit))


NAN = float("nan")


def test_what_has_no_figure_is_not_taken():
    times = {"mean_test_latency": [NAN, -2.0, -1.0], "mean_test_score": [0.9, 0.8, NAN]}
    limit = AsDeep("this-machine", DATA, 3.0)
    assert fastest_within(0.5)(times) == 1
    assert best_within(limit)(times) == 1
    none = {"mean_test_latency": [NAN], "mean_test_score": [0.9]}
    for rule in (fastest_within(0.5), best_within(limit)):
        with pytest.raises(BadInput, match="none of 1 candidates has a latency"):
            rule(none)
    apart = {"mean_test_latency": [NAN, -1.0], "mean_test_score": [0.9, NAN]}
    with pytest.raises(BadInput, match="none of 2 candidates has a score together with a latency"):
        best_within(limit)(apart)
    with pytest.raises(BadInput, match="the search tells no score and latency"):
        best_within(limit)({"mean_test_score": [0.9]})


@dataclass(frozen=True)
class NoDevice(DeviceLimit):
    """A device that is not there."""

    def measured(self, model, example_inputs=None):
        raise BadInput("the model has no latency on this-machine: it is away.")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "scoring", "words"),
    [
        (AsDeep, "roc_auc", "none of 3 candidates has a score: ValueError: multi_class must be in"),
        (NoDevice, None, r"none of 3 candidates has a latency: the model has .*: it is away"),
    ],
)
def test_the_figure_that_is_missing_is_named_with_what_its_scorer_met(kind, scoring, words):
    limit = kind("this-machine", DATA, 10.0)
    values, labels = load_iris(return_X_y=True)
    search = GridSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": DEPTHS},
        cv=3,
        scoring=scorers(limit, scoring),
        refit=best_within(limit),
    )
    with pytest.raises(BadInput, match=words):
        search.fit(values, labels)


@pytest.mark.parametrize("drop", [-1, NAN, "1%", None])
def test_a_drop_that_is_none_is_refused_when_the_rule_is_made(drop):
    with pytest.raises(BadInput, match=r"max_drop is .*, and a number from 0 is wanted"):
        fastest_within(drop)


def test_a_score_that_there_is_not_is_refused_when_the_scorers_are_made():
    limit = AsDeep("this-machine", DATA, 1.0)
    for made in (scorers, within):
        with pytest.raises(BadInput, match="scikit-learn has no score 'nope'"):
            made(limit, "nope")


def test_what_is_beyond_the_limit_scores_below_all_others_and_the_faster_higher():
    values, labels = load_iris(return_X_y=True)
    judge = within(AsDeep("this-machine", DATA, 1.5))
    trees = [
        DecisionTreeClassifier(max_depth=d, random_state=0).fit(values, labels) for d in DEPTHS
    ]
    scores = [judge(tree, values, labels) for tree in trees]
    assert scores[0] == trees[0].score(values, labels)
    assert 0 > scores[1] > scores[2]
